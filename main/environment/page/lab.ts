/**
 * What the lab keeps in a task page, as `window.dpoDriver`. The functions of this folder run *inside* the page. They
 * go there as source text, so each may use only its arguments, the page, and what the others put here.
 */
import type { Box, Obstacle } from '../../store/episode.ts'
import type { ObservedElement, State } from '../observation.ts'

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

/** What is asked of elements while the page is read once. The page does not change meanwhile, so answers are kept. */
export interface Look {
  style(element: Element): CSSStyleDeclaration
  size(element: Element): DOMRect
  isPicture(element: Element): boolean
  /** False where neither the element nor anything in it can be seen. A picture counts before it is loaded. */
  isRendered(element: Element): boolean
  /** Whether the element itself can be seen. */
  isSeen(element: Element): boolean
  isInline(element: Element): boolean
  /** The role of what can be used; null for all else. */
  role(element: Element): string | null
  /** Whether it listens for clicks itself, or changes the pointer where its parent does not. */
  isClickable(element: Element): boolean
  /** Whether it, or anything in it, can be used. */
  holdsUsable(element: Element): boolean
}

/** A text, and the nodes in which it stands. */
export interface Passage {
  readonly text: string
  readonly nodes: ReadonlySet<Node>
}

/** The texts of a page that is read, and which of them some line shows already: no line repeats another's. */
export interface Texts {
  /**
   * The text in an element that no line shows yet, without what can be used. `blocks`: text of blocks too, else only what
   * runs inline.
   */
  of(element: Element, blocks: boolean): Passage
  isShown(node: Node): boolean
  /** Some line shows these nodes from now on. */
  show(nodes: Iterable<Node>): void
}

/** Names of what has no text. */
export interface Names {
  /** What an element's attributes, classes or colour say of it; '' where they say nothing. */
  byAttributes(element: Element): string
  /** The same of the first that has such a name: the element itself, then what is in it. */
  ofPicture(element: Element): string
  /** The named colour that is nearest to a CSS colour; '' where it is transparent or none. */
  ofColor(css: string): string
}

/** A line of the page, before it has a ref. */
export interface PageLine {
  readonly element: Element
  readonly usable: boolean
  readonly observed: Omit<ObservedElement, 'ref'>
}

export interface Lab {
  /** The elements by their ref, in this episode. */
  readonly elements: Map<number, Element>
  /** The pictures that were seen; those still without a size are waited for. */
  readonly pictures: Set<Element>
  /** Whether the page listens for clicks on this very element. */
  listens(element: Element): boolean
  /** Resolves once short timers and animations are over, at most after `limit` milliseconds. */
  settle(limit: number): Promise<void>
  /** A text as it is shown: one line, whitespace collapsed, cut at `limit` letters, by default at 240. */
  clean(text: string, limit?: number): string
  /** The same for a name, which is cut at 60 letters. */
  cleanName(text: string): string
  /** The same for the name of a field, without the colon or star at its end. */
  cleanLabel(text: string): string
  /** A value on one line, with the spaces it has. */
  cleanValue(text: string): string
  /** The selector of fields: inputs that are not buttons, selects and text areas. */
  fields: string
  isField(element: Element): boolean
  /** Whether it is the frame around all that a task shows. */
  isFrame(element: Element): boolean
  /** Whether an identifier is made of words. */
  isWord(identifier: string): boolean
  look(): Look
  texts(look: Look): Texts
  /** The names of fields by the text that stands with them; that text counts as shown. */
  labels(look: Look, texts: Texts): ReadonlyMap<Element, string>
  names(look: Look): Names
  states(element: Element, role: string, look: Look): State[]
  /** All lines of the page, from its top. */
  lines(): PageLine[]
  /** The lines that the budget allows, with their refs. */
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
