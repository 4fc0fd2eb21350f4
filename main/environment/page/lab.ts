/**
 * What the lab keeps in a task page, as `window.dpoDriver`. The functions of this folder run *inside* the page: each is
 * handed over as source text, so it may use nothing but its arguments, the page, and what the others put here.
 */
import type { Box, Obstacle } from '../../store/episode.ts'
import type { ObservedElement } from '../observation.ts'

/** How much of a page is shown. */
export interface Budget {
  readonly elements: number
  readonly characters: number
}

/** What one evaluate brings back: the episode's state and, while it goes on, the page. */
export interface PageState {
  readonly done: boolean
  /** WOB_RAW_REWARD_GLOBAL: not decayed by time. */
  readonly reward: number
  readonly instruction: string
  readonly elements: readonly ObservedElement[]
  readonly dropped: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** Why an action cannot be done. */
export interface Impossible {
  readonly impossible: Obstacle
}

/** How a field takes its text: typed with keys, or set as a whole (dates, sliders). */
export type Field = { readonly typed: boolean }

/** What a person did to the page; 'ask': pressed a select, whose options are to be shown to them. */
export type Heard =
  | { readonly kind: 'click'; readonly ref: number /** It takes typed text. */; readonly field: boolean }
  | { readonly kind: 'fill'; readonly ref: number; readonly text: string }
  | { readonly kind: 'select'; readonly ref: number; readonly option: string }
  | { readonly kind: 'press'; readonly key: string }
  | { readonly kind: 'ask'; readonly ref: number }

export interface Lab {
  /** The elements by their ref, in this episode. */
  readonly elements: Map<number, Element>
  /** The pictures that were seen; those still without a size are waited for. */
  readonly pictures: Set<Element>
  /** Whether the page listens for clicks on this very element. */
  listens(element: Element): boolean
  /** Resolves once short timers and animations are over, at most after `limit` milliseconds. */
  settle(limit: number): Promise<void>
  /** A name or value as it is shown: one line, whitespace collapsed. */
  clean(text: string, limit?: number): string
  observe(budget: Budget): Pick<PageState, 'elements' | 'dropped'>
  /** Forgets the refs of the last episode. */
  forget(): void
  /** Scrolls the element into view and finds a point where a click really hits it. */
  locate(ref: number): Promise<Point | Impossible>
  /** Where the element stands in the window now; null where it is gone or has no size. */
  box(ref: number): Box | null
  /** Whether the element takes text, and how. */
  field(ref: number): Field | Impossible
  /** Gets a field ready for typing: focused, its text selected. With a `text`, fills it without key events. */
  fill(ref: number, text: string | null): Field | Impossible
  /** Chooses the option of that text. */
  select(ref: number, option: string): Impossible | null
  /** element.click() and focus(), for untrusted clicks. */
  click(ref: number): Impossible | null
  /** What a person did since the last call; the first call begins to listen. */
  hear(): Heard[]
  start(seed: number, budget: Budget): Promise<PageState>
  state(budget: Budget): Promise<PageState>
}

/** The protocol of a MiniWoB page, as far as the lab speaks it. */
export interface TaskWindow {
  core: {
    EPISODE_MAX_TIME: number
    EP_TIMER: number | null
    startEpisodeReal(): void
    endEpisode(reward: number): void
    getUtterance(): string | { utterance: string }
  }
  WOB_DONE_GLOBAL: boolean
  WOB_RAW_REWARD_GLOBAL: number
  dpoDriver: Lab
  jQuery?: { fx: { off: boolean }; timers: unknown[] }
}
