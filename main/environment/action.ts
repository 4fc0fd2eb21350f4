/** The actions of the agent. `ref` is that of an ObservedElement. */
export type Action =
  | { readonly kind: 'click'; readonly ref: number }
  /** Replaces the element's text, with real key events. */
  | { readonly kind: 'fill'; readonly ref: number; readonly text: string }
  /** Chooses an option of a select by its text. */
  | { readonly kind: 'select'; readonly ref: number; readonly option: string }
  /** Presses a key on the focused element; the key's name is that of KeyboardEvent.key. */
  | { readonly kind: 'press'; readonly key: Key }

/** Longer texts are cut off: no task needs them, and each letter costs two messages. */
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

/** An action, and a line that says what it is for in the task's words. */
export interface Decision {
  readonly thought: string
  readonly action: Action
}
