/**
 * What pages have answered to actions. A seed decides a problem, so the same actions lead to the same page: what one
 * attempt has done on a page, another need not do again.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Action } from '../environment/action.ts'
import { acceptsOf, type Observation, renderPage } from '../environment/observation.ts'
import type { StepResult } from '../environment/session.ts'
import type { Task } from '../environment/tasks.ts'
import type { Ending } from '../store/episode.ts'

/** What comes of an action: the next page, or the end of the episode. */
export type Next = Seen | Ending

interface Transition {
  /** null where the attempt that was to do the action could not. */
  readonly next: Promise<Next | null>
  readonly settle: (next: Next | null) => void
  /** The same as `next` once it is known. */
  known: Next | null
}

/** A page of a problem that some attempt has reached, and what came of the actions on it. */
export class Seen {
  readonly observation: Observation
  readonly #transitions = new Map<string, Transition>()

  constructor(observation: Observation) {
    this.observation = observation
  }

  /**
   * What comes of an action, perhaps once another attempt has done it; null where that one could not. undefined where no
   * attempt does it: then it is the caller's, who has to call `done` or `leave`.
   */
  take(action: Action): Promise<Next | null> | undefined {
    const key = JSON.stringify(action)
    const there = this.#transitions.get(key)
    if (there === undefined) this.#transitions.set(key, transition())
    return there?.next
  }

  /** Whether an attempt has done the action. */
  knows(action: Action): boolean {
    return (this.#transitions.get(JSON.stringify(action))?.known ?? null) !== null
  }

  /** An action was done here. Returns what it led to; null where it led elsewhere before. */
  done(action: Action, result: StepResult): Next | null {
    const key = JSON.stringify(action)
    const kept = this.#transitions.get(key) ?? transition()
    this.#transitions.set(key, kept)
    if (kept.known === null) {
      kept.known = result.done ? result.ending : new Seen(result.observation)
      kept.settle(kept.known)
      return kept.known
    }
    const isSame =
      kept.known instanceof Seen
        ? !result.done && samePage(kept.known.observation, result.observation)
        : isDeepStrictEqual(kept.known, result.ending)
    return isSame ? kept.known : null
  }

  /** An action that was taken will not be done. Whoever waits for it has to do it. */
  leave(action: Action): void {
    const key = JSON.stringify(action)
    const kept = this.#transitions.get(key)
    if (kept === undefined || kept.known !== null) return
    this.#transitions.delete(key)
    kept.settle(null)
  }
}

function transition(): Transition {
  const { promise, resolve } = Promise.withResolvers<Next | null>()
  return { next: promise, settle: resolve, known: null }
}

/** The most elements of first pages that are kept. With what follows them they may take some hundred megabytes. */
const MOST_ELEMENTS = 200_000

/** The first pages of problems, for several policies that play them one after another. */
export class Openings {
  readonly #seen = new Map<string, Seen>()
  #elements = 0

  get(task: Task, seed: number): Seen | undefined {
    return this.#seen.get(JSON.stringify([task.url, seed]))
  }

  /** Keeps a problem's first page, if there is room. */
  keep(task: Task, seed: number, opening: Seen): void {
    this.#elements += opening.observation.elements.length
    if (this.#elements <= MOST_ELEMENTS) this.#seen.set(JSON.stringify([task.url, seed]), opening)
  }
}

/** Whether a model reads the same of two pages, and may do the same on them. */
export function samePage(a: Observation, b: Observation): boolean {
  return (
    a.instruction === b.instruction &&
    renderPage(a) === renderPage(b) &&
    isDeepStrictEqual(a.elements.map(acceptsOf), b.elements.map(acceptsOf))
  )
}
