/** The unsaved work of a recording. */
import type { LiveScreen, Recording } from '../../../main/live/state.ts'

/** `ready`: a solved task that can be saved; `open`: steps of a task that is not solved yet; null: nothing. */
export function unsavedOf({
  recording,
  status,
}: {
  readonly recording: Pick<Recording, 'ready' | 'steps'> | null
  readonly status: LiveScreen['status']
}): 'ready' | 'open' | null {
  if (recording === null) return null
  if (recording.ready) return 'ready'
  return status === 'playing' && recording.steps.length > 0 ? 'open' : null
}

/** The thought of each step: the rewritten one, by the step's id, or the step's own. */
export function thoughtsOf(
  recording: { readonly steps: readonly Pick<Recording['steps'][number], 'id' | 'thought'>[] } | null,
  written: Readonly<Record<number, string>>,
): string[] {
  return recording?.steps.map(({ id, thought }) => written[id] ?? thought) ?? []
}
