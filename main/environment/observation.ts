/** What the agent sees of a page: its elements in document order, and their text form. */

export const STATES = ['checked', 'selected', 'focused', 'disabled', 'expanded'] as const
export type State = (typeof STATES)[number]

/** The forms of a field's text, by the kinds of input that have them; 'text' is any text on one line. */
export const TEXT_FORMS = ['text', 'date', 'time', 'month', 'week', 'datetime', 'number', 'color'] as const
export type TextForm = (typeof TEXT_FORMS)[number]

/** The texts that a field takes: those of a form, of at most so many UTF-16 units; or those of a list. */
export type FieldTexts = { readonly form: TextForm; readonly most?: number } | { readonly values: readonly string[] }

/** The actions that an element takes. Whether something covers it shows only when the agent acts. */
export interface Accepts {
  readonly click: boolean
  /** null for an element that takes no text. */
  readonly fill: FieldTexts | null
  /** The options that can be chosen. */
  readonly select: readonly string[]
}

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
  /** The actions that it takes, which the page's text does not show. Where it is missing, role and states tell. */
  readonly accepts?: Accepts
}

const FORMS_BY_ROLE: Readonly<Record<string, TextForm>> = {
  textbox: 'text',
  textarea: 'text',
  searchbox: 'text',
  spinbutton: 'number',
  slider: 'number',
  date: 'date',
  time: 'time',
  month: 'month',
  week: 'week',
  datetime: 'datetime',
  color: 'color',
}

/** The actions that an element takes, by what the page told, otherwise by its role and states. */
export function acceptsOf({ role, states, options, accepts }: ObservedElement): Accepts {
  if (accepts !== undefined) return accepts
  if (states.includes('disabled')) return { click: false, fill: null, select: [] }
  const form = FORMS_BY_ROLE[role]
  return { click: true, fill: form === undefined ? null : { form }, select: options ?? [] }
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
