/**
 * The lab's functions in a task page, as `window.dpoDriver`. The functions of this folder run *inside* the page. They
 * are sent there as source text, so each may use only its arguments, the page, and what the others have put here.
 */
import type { Box, Obstacle } from '../../store/episode.ts'
import type { Accepts, ObservedElement, State } from '../observation.ts'

/** How much of a page is shown. */
export interface Budget {
  readonly elements: number
  readonly characters: number
}

/** The result of one evaluate: the episode's state and, unless it is over, the page. */
export interface PageState {
  readonly done: boolean
  /** WOB_RAW_REWARD_GLOBAL, which does not decay with time. */
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

/** A person's input. 'ask': pressed a select, whose options the viewer must show. */
export type Heard =
  | { readonly kind: 'click'; readonly ref: number /** The agent fills it. */; readonly field: boolean }
  | { readonly kind: 'fill'; readonly ref: number; readonly text: string }
  | { readonly kind: 'select'; readonly ref: number; readonly option: string }
  | { readonly kind: 'press'; readonly key: string }
  | { readonly kind: 'ask'; readonly ref: number }

/**
 * Questions about elements during one reading of the page. The page does not change meanwhile, so answers are cached.
 */
export interface Look {
  style(element: Element): CSSStyleDeclaration
  size(element: Element): DOMRect
  isPicture(element: Element): boolean
  /** False where neither the element nor anything in it is visible. A picture counts as visible before it is loaded. */
  isRendered(element: Element): boolean
  /** Whether the element itself is visible. */
  isSeen(element: Element): boolean
  isInline(element: Element): boolean
  /** The role of an interactive element; null for all others. */
  role(element: Element): string | null
  /** Whether it listens for clicks itself, or changes the pointer where its parent does not. */
  isClickable(element: Element): boolean
  /** Whether it is interactive or contains interactive elements. */
  holdsUsable(element: Element): boolean
}

/** A text, and the nodes that contain it. */
export interface Passage {
  readonly text: string
  readonly nodes: ReadonlySet<Node>
}

/** The texts of a page, and which of them a line shows already, because no line repeats another's text. */
export interface Texts {
  /**
   * The text in an element that no line shows yet, without that of interactive elements. `blocks`: also text in blocks,
   * otherwise only inline text.
   */
  of(element: Element, blocks: boolean): Passage
  isShown(node: Node): boolean
  /** Marks these nodes as shown by a line. */
  show(nodes: Iterable<Node>): void
}

/** Names for elements without text. */
export interface Names {
  /** The name that an element's attributes, classes or colour give it; '' where they give none. */
  byAttributes(element: Element): string
  /** The first such name of the element itself or of the elements in it. */
  ofPicture(element: Element): string
  /** The named colour nearest to a CSS colour; '' where it is transparent or not a colour. */
  ofColor(css: string): string
}

/** A line of the page, before it has a ref. */
export interface PageLine {
  readonly element: Element
  readonly usable: boolean
  readonly observed: Omit<ObservedElement, 'ref' | 'accepts'>
}

export interface Lab {
  /** The elements by ref, in this episode. */
  readonly elements: Map<number, Element>
  /** The pictures seen so far. Those without a size are waited for. */
  readonly pictures: Set<Element>
  /** Sets the page's clock to the time at which every problem begins, and lets it stand. */
  stopClock(): void
  /** Lets the page's clock run on from there. */
  startClock(): void
  /** Whether the page listens for clicks on this very element. */
  listens(element: Element): boolean
  /** Resolves when short timers and animations have ended, or after `limit` milliseconds. */
  settle(limit: number): Promise<void>
  /** A text as it is shown: one line, whitespace collapsed, cut at `limit` letters, by default 240. */
  clean(text: string, limit?: number): string
  /** The same for a name, which is cut at 60 letters. */
  cleanName(text: string): string
  /** The same for the name of a field, without a colon or star at its end. */
  cleanLabel(text: string): string
  /** A value on one line, with its own spaces. */
  cleanValue(text: string): string
  /** The selector of fields: inputs that are not buttons, selects and text areas. */
  fields: string
  isField(element: Element): boolean
  /** Whether it is the frame around the whole task. */
  isFrame(element: Element): boolean
  /** Whether an identifier consists of words. */
  isWord(identifier: string): boolean
  look(): Look
  texts(look: Look): Texts
  /** The names of fields from the texts beside them. These texts are marked as shown. */
  labels(look: Look, texts: Texts): ReadonlyMap<Element, string>
  names(look: Look): Names
  states(element: Element, role: string, look: Look): State[]
  /** All lines of the page, from the top. */
  lines(): PageLine[]
  /** The lines that fit into the budget, with their refs. */
  observe(budget: Budget): Pick<PageState, 'elements' | 'dropped'>
  /** Forgets the refs of the last episode. */
  forget(): void
  /** Scrolls the element into view, and finds a point where a click really hits it. */
  locate(ref: number): Promise<Point | Impossible>
  /** The element's present place in the window; null where it is gone or has no size. */
  box(ref: number): Box | null
  /** The actions that the element takes. */
  accepts(element: Element): Accepts
  /** Whether and how the element takes text, and whether it takes this one. */
  field(ref: number, text?: string): Field | Impossible
  /** Prepares a field for typing: focuses it and selects its text. With a `text`, fills it without key events. */
  fill(ref: number, text: string | null): Field | Impossible
  /** Chooses the option with this text. */
  select(ref: number, option: string): Impossible | null
  /** element.click() and focus(), for untrusted clicks. */
  click(ref: number): Impossible | null
  /** A person's input since the last call. The first call starts to listen. */
  hear(): Heard[]
  /** The first state; the error of the page's own script where it could not start. */
  start(seed: number, budget: Budget): Promise<PageState | string | null>
  /** Null where no problem was started in this document: it has taken the page's place. */
  state(budget: Budget): Promise<PageState | null>
}

/** The parts of the MiniWoB page protocol that the lab uses. */
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
