/** What somebody elsewhere sees of this worker's pages. Pages make pictures only between `open` and `close`. */
import type { Audience } from '../agent/spectator.ts'
import type { SeenPage } from '../workers/looks.ts'
import { Screens } from './screens.ts'
import type { Sight } from './state.ts'

export class WorkerWindow {
  readonly #screens = new Screens(0)
  readonly #seen = new Map<string, Sight>()
  #looking: AbortController | undefined

  /** Watches the pages, so that there is something to see of them. */
  readonly audience: Audience = this.#screens.audience()

  /** Begins to take pictures. */
  open(): void {
    if (this.#looking !== undefined) return
    this.#looking = new AbortController()
    void this.#take(this.#looking.signal)
  }

  /** What the pages show now. */
  pages(): SeenPage[] {
    const there = new Set(this.#screens.all().map(({ id }) => id))
    return [...this.#seen.values()].filter(({ screen }) => there.has(screen.id)).map(seen)
  }

  /** Nobody looks any more. */
  close(): void {
    this.#looking?.abort()
    this.#looking = undefined
    this.#seen.clear()
  }

  async #take(signal: AbortSignal): Promise<void> {
    for await (const sight of this.#screens.sights(undefined, signal)) {
      if (!signal.aborted) this.#seen.set(sight.screen.id, sight)
    }
  }
}

function seen({ screen, jpeg }: Sight): SeenPage {
  const { id, stage, arm, task, seed, attempt, step, status, instruction, answer } = screen
  const { thought = '', action = '' } = answer ?? {}
  return { id, stage, arm, task, seed, attempt, step, status, instruction, thought, action, jpeg }
}
