/** What a recording holds that would be lost with it. */
import type { LiveScreen, Recording } from '../../../main/live/state.ts'

/** `ready`: a solved task that can be saved; `open`: steps of one that is not solved yet; null: nothing. */
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

/** The thought of each step: what was written in its place, by the step's id, or its own. */
export function thoughtsOf(
  recording: { readonly steps: readonly Pick<Recording['steps'][number], 'id' | 'thought'>[] } | null,
  written: Readonly<Record<number, string>>,
): string[] {
  return recording?.steps.map(({ id, thought }) => written[id] ?? thought) ?? []
}
