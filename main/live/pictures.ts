/** Sends the pictures of screens to viewers: the latest of each screen, as fast as the viewer takes them. */
import type { Screen } from './screen.ts'
import { Signal } from './signal.ts'
import type { Frame } from './state.ts'

interface Viewer {
  added(screen: Screen): void
  framed(frame: Frame): void
}

export class Pictures {
  readonly #screens: ReadonlyMap<string, Screen>
  readonly #viewers = new Set<Viewer>()

  constructor(screens: ReadonlyMap<string, Screen>) {
    this.#screens = screens
  }

  /** Adds a screen. */
  added(screen: Screen): void {
    for (const viewer of this.#viewers) viewer.added(screen)
  }

  /** Takes a new picture of a screen. */
  framed(frame: Frame): void {
    for (const viewer of this.#viewers) viewer.framed(frame)
  }

  /**
   * The latest picture of each of these screens (of all without `ids`), then new ones until `signal` is aborted. A slow
   * viewer misses some. Screens make pictures only while somebody watches.
   */
  async *watch(ids: readonly string[] | undefined, signal: AbortSignal): AsyncGenerator<Frame, void, undefined> {
    const waiting = new Map<string, Frame>()
    const leave: (() => void)[] = []
    const arrived = new Signal()
    const wanted = (id: string) => ids === undefined || ids.includes(id)
    const viewer: Viewer = {
      added(screen) {
        if (!wanted(screen.id)) return
        leave.push(screen.view())
        if (screen.frame !== undefined) viewer.framed(screen.frame)
      },
      framed(frame) {
        if (!wanted(frame.screen)) return
        waiting.set(frame.screen, frame)
        arrived.fire()
      },
    }
    this.#viewers.add(viewer)
    for (const screen of this.#screens.values()) viewer.added(screen)
    try {
      while (!signal.aborted) {
        for (const [id, frame] of waiting) {
          waiting.delete(id)
          yield frame
        }
        if (waiting.size === 0) await arrived.next(undefined, signal)
      }
    } finally {
      this.#viewers.delete(viewer)
      for (const goes of leave) goes()
    }
  }
}
