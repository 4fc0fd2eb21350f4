/** What the agent sees of a page: its elements in document order, and their text form. */

export const STATES = ['checked', 'selected', 'focused', 'disabled', 'expanded'] as const
export type State = (typeof STATES)[number]

export interface ObservedElement {
  /** The number by which an action names the element. An element keeps it for the whole episode. */
  readonly ref: number
  /**
   * The ARIA role of an interactive element (button, link, textbox, checkbox, radio, combobox, listbox, tab ...),
   * otherwise the tag.
   */
  readonly role: string
  /** Text or label, or on icon pages the class and data attributes in its place; one line, '' where there is none. */
  readonly name: string
  readonly states: readonly State[]
  /** The current value of inputs, text areas and selects. */
  readonly value?: string
  /** Options of a select, in order. */
  readonly options?: readonly string[]
}

export interface Observation {
  /** The task in the page's words. */
  readonly instruction: string
  readonly elements: readonly ObservedElement[]
  /** How many elements did not fit into the budget. */
  readonly dropped: number
}

/**
 * "name role ref", the words by which an action names an element. The name stands first on purpose: the task and the
 * thought mention it, and the agent can then copy role and ref from what follows it on the page.
 */
export function describeElement(element: ObservedElement): string {
  return element.name === '' ? `${element.role} ${element.ref}` : `${element.name} ${element.role} ${element.ref}`
}

/**
 * One line, such as ` username textbox 3 focused = bob` or ` country combobox 5 = Peru : Chile | Peru`. It begins with
 * a space because byte-level BPE joins a word with the space before it, so the words have the same tokens here as in an
 * action.
 */
export function renderElement(element: ObservedElement): string {
  const states = element.states.map((state) => ` ${state}`).join('')
  const value = element.value === undefined || element.value === '' ? '' : ` = ${element.value}`
  const options = element.options === undefined ? '' : ` : ${element.options.join(' | ')}`
  return ` ${describeElement(element)}${states}${value}${options}`
}

/** The page as text, one element per line. A last line says how many were left out, if any were. */
export function renderPage(observation: Observation): string {
  const lines = observation.elements.map(renderElement)
  if (observation.dropped > 0) lines.push(` ... ${observation.dropped} more`)
  return lines.join('\n')
}
