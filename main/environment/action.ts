/** What the agent can do to a page. `ref` is an ObservedElement's. */
export type Action =
  | { readonly kind: 'click'; readonly ref: number }
  /** Replaces the element's text, with real key events. */
  | { readonly kind: 'fill'; readonly ref: number; readonly text: string }
  /** Chooses an option of a select by its text. */
  | { readonly kind: 'select'; readonly ref: number; readonly option: string }
  /** Presses a key on whatever has the focus; its name is KeyboardEvent.key's. */
  | { readonly kind: 'press'; readonly key: Key }

/** Longer texts are cut: no task needs them, and each letter costs two messages. */
export const LONGEST_TEXT = 2000

export const KEYS = [
  'Enter',
  'Tab',
  'Escape',
  'Backspace',
  'Delete',
  'ArrowUp',
  'ArrowDown',
  'ArrowLeft',
  'ArrowRight',
  'Space',
  'Home',
  'End',
  'PageUp',
  'PageDown',
] as const
export type Key = (typeof KEYS)[number]

/** An action and the one line that says, in the task's words, what it is for. */
export interface Decision {
  readonly thought: string
  readonly action: Action
}
