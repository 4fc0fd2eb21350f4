/** Sends viewers what they see of screens, as fast as they take it: picture, caption and outcome in one message. */
import { type Look, WHOLE_PAGE } from './look.ts'
import type { Screen } from './screen.ts'
import { Signal } from './signal.ts'
import type { Sight } from './state.ts'

/** Shortest time between two messages on a screen, in milliseconds: a screen changes with every token. */
const PACE = 80
/**
 * How long a problem waits for its first picture before it is shown without one, in milliseconds. Until then viewers see the
 * problem before it, whole.
 */
const PATIENCE = 400

interface Viewer {
  added(screen: Screen): void
  changed(screen: Screen): void
}

export class Pictures {
  readonly #screens: ReadonlyMap<string, Screen>
  readonly #sightOf: (screen: Screen) => Sight
  readonly #viewers = new Set<Viewer>()

  constructor(screens: ReadonlyMap<string, Screen>, sightOf: (screen: Screen) => Sight) {
    this.#screens = screens
    this.#sightOf = sightOf
  }

  /** Adds a screen. */
  added(screen: Screen): void {
    for (const viewer of this.#viewers) viewer.added(screen)
  }

  /** A screen has a new picture, or something else about it has changed. */
  changed(screen: Screen): void {
    if (screen.waits) return
    for (const viewer of this.#viewers) viewer.changed(screen)
  }

  /**
   * Each of these screens (all without `ids`) as it is now, and again when it has changed, until `signal` is aborted. A slow
   * viewer misses some. Screens make pictures only while somebody watches, and none larger than somebody looks at them.
   */
  async *watch(
    ids: readonly string[] | undefined,
    signal: AbortSignal,
    look: Look = WHOLE_PAGE,
  ): AsyncGenerator<Sight, void, undefined> {
    /** The screens that have changed, with the time when they did, in milliseconds. */
    const waiting = new Map<Screen, number>()
    const leave: (() => void)[] = []
    const arrived = new Signal()
    const rest = new Signal()
    const wanted = ({ id }: Screen) => ids === undefined || ids.includes(id)
    const viewer: Viewer = {
      added(screen) {
        if (!wanted(screen)) return
        leave.push(screen.view(look))
        viewer.changed(screen)
      },
      changed(screen) {
        if (!wanted(screen)) return
        if (!waiting.has(screen)) waiting.set(screen, performance.now())
        arrived.fire()
      },
    }
    this.#viewers.add(viewer)
    for (const screen of this.#screens.values()) viewer.added(screen)
    try {
      while (!signal.aborted) {
        const ready = [...waiting].filter(([screen, since]) => patienceOf(screen, since) <= 0)
        for (const [screen] of ready) {
          waiting.delete(screen)
          if (this.#screens.has(screen.id)) yield this.#sightOf(screen)
        }
        if (ready.length > 0) await rest.next(PACE, signal)
        else await arrived.next(shortest([...waiting].map(([screen, since]) => patienceOf(screen, since))), signal)
      }
    } finally {
      this.#viewers.delete(viewer)
      for (const goes of leave) goes()
    }
  }
}

/** Milliseconds that a screen which changed at `since` still waits for its picture. */
function patienceOf(screen: Screen, since: number): number {
  return screen.isPictured ? 0 : since + PATIENCE - performance.now()
}

function shortest(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.max(0, Math.min(...times))
}
