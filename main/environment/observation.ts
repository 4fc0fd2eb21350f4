/** What the agent sees of a page: its elements in document order, and the text they are shown as. */

export const STATES = ['checked', 'selected', 'focused', 'disabled', 'expanded'] as const
export type State = (typeof STATES)[number]

export interface ObservedElement {
  /** Number by which an action names the element; the same element keeps it for the whole episode. */
  readonly ref: number
  /** ARIA role of what can be used (button, link, textbox, checkbox, radio, combobox, listbox, tab ...), else the tag. */
  readonly role: string
  /** Text, label, or the class and data attributes that stand for them on icon pages; one line, '' when there is none. */
  readonly name: string
  readonly states: readonly State[]
  /** Current value of inputs, text areas and selects. */
  readonly value?: string
  /** Options of a select, in order. */
  readonly options?: readonly string[]
}

export interface Observation {
  /** The task in words, as the page states it. */
  readonly instruction: string
  readonly elements: readonly ObservedElement[]
  /** How many elements the budget left out. */
  readonly dropped: number
}

/**
 * "name role ref", the words by which an action names an element. The name stands first on purpose: it is what the task
 * and the thought speak of, and choosing role and ref is then a copy of what follows it on the page.
 */
export function describeElement(element: ObservedElement): string {
  return element.name === '' ? `${element.role} ${element.ref}` : `${element.name} ${element.role} ${element.ref}`
}

/**
 * One line: ` username textbox 3 focused = bob`, ` country combobox 5 = Peru : Chile | Peru`. It begins with a space
 * because byte-level BPE writes a word with the space before it: so it has the same tokens here as in an action.
 */
export function renderElement(element: ObservedElement): string {
  const states = element.states.map((state) => ` ${state}`).join('')
  const value = element.value === undefined || element.value === '' ? '' : ` = ${element.value}`
  const options = element.options === undefined ? '' : ` : ${element.options.join(' | ')}`
  return ` ${describeElement(element)}${states}${value}${options}`
}

/** The page as text, an element a line; the last line says how many were dropped, if any were. */
export function renderPage(observation: Observation): string {
  const lines = observation.elements.map(renderElement)
  if (observation.dropped > 0) lines.push(` ... ${observation.dropped} more`)
  return lines.join('\n')
}
