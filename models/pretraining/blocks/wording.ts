/** Many wordings of the same task, so that the model learns to read and not to match one sentence. */
import type { Random } from '../random.ts'
import { capitalise } from '../words.ts'

/** People's words for an element of a role. */
const ROLE_WORDS: Readonly<Record<string, readonly string[]>> = {
  button: ['button'],
  link: ['link', 'hyperlink'],
  textbox: ['text field', 'input', 'text box', 'field', 'input field', 'textbox', 'text input'],
  textarea: ['text area', 'textarea', 'large text field'],
  checkbox: ['checkbox', 'check box', 'box'],
  radio: ['radio button', 'option', 'radio'],
  combobox: ['dropdown', 'list', 'drop-down list', 'menu', 'select box'],
  listbox: ['list', 'scroll list', 'list box'],
  tab: ['tab'],
  heading: ['heading', 'title', 'section'],
  menuitem: ['menu item', 'item', 'entry'],
  li: ['item', 'list item', 'entry'],
  img: ['image', 'picture'],
  icon: ['icon', 'symbol', 'button'],
  folder: ['folder', 'group'],
  row: ['row', 'line'],
  h2: ['heading', 'title'],
  td: ['cell'],
  p: ['paragraph', 'text'],
}

export function roleWord(random: Random, role: string): string {
  return random.pick(ROLE_WORDS[role] ?? ['element', 'item', 'thing', 'one', role])
}

export const ORDINALS = ['1st', '2nd', '3rd', '4th', '5th', '6th', '7th', '8th', '9th', '10th']
const ORDINAL_WORDS = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth']

export function ordinal(random: Random, index: number): string {
  return (random.chance(0.5) ? ORDINALS : ORDINAL_WORDS)[index] ?? `${index + 1}th`
}

/** "1st", "2nd" and so on, as thoughts count. */
export function counted(index: number): string {
  return ORDINALS[index] ?? `${index + 1}th`
}

/** The name as the task writes it: quoted or not, rarely in another letter case. */
export function mention(random: Random, name: string): string {
  const kind = random.next()
  if (kind < 0.5) return `"${name}"`
  return kind < 0.6 ? `'${name}'` : name
}

const CLICK_VERBS = ['click', 'press', 'click on', 'tap', 'choose', 'select', 'hit', 'push', 'pick', 'open', 'use']

/** "click on the "okay" button" in one of its many forms; lower case, without full stop. */
export function askClick(random: Random, name: string, role: string): string {
  const verb = random.pick(CLICK_VERBS)
  const said = mention(random, name)
  const kind = roleWord(random, role)
  return random.pick([
    `${verb} the ${said} ${kind}`,
    `${verb} ${said}`,
    `${verb} the ${kind} ${said}`,
    `${verb} the ${kind} named ${said}`,
    `${verb} the ${kind} called ${said}`,
    `${verb} the ${kind} that says ${said}`,
    `${verb} the ${kind} with the text ${said}`,
    `${verb} the ${kind} labeled ${said}`,
  ])
}

const FILL_VERBS = ['enter', 'type', 'write', 'put', 'fill in', 'input']

/**
 * "enter "bob" as the username", and the thought's word for the field. `field` is '' if it has no name. Then `place` says
 * which one it is ("2nd", "last"), or is '' if the page has only one field.
 */
export function askFill(random: Random, field: string, place: string, text: string): { wish: string; said: string } {
  const verb = random.pick(FILL_VERBS)
  const quoted = random.chance(0.75) ? `"${text}"` : text
  const where = random.pick(['text field', 'field', 'box', 'input', 'text box', 'textbox', 'text input'])
  if (field === '') {
    const said = place === '' ? where : `${place} ${where}`
    const wishes = [
      `${verb} ${quoted} into the ${said}`,
      `${verb} ${quoted} in the ${said}`,
      `${verb} the text ${quoted} in the ${said}`,
      `${verb} the word ${quoted} into the ${said}`,
      `the ${said} gets ${quoted}`,
    ]
    return { wish: random.pick(wishes), said }
  }
  const said = random.chance(0.6) ? field.toLowerCase() : field
  const label = random.chance(0.75) ? said : `"${said}"`
  const wishes = [
    `${verb} ${quoted} into the ${label} ${where}`,
    `${verb} ${quoted} in ${label}`,
    `${verb} the ${label} ${quoted}`,
    `set ${label} to ${quoted}`,
    `fill ${label} with ${quoted}`,
    `${verb} ${quoted} as ${label}`,
    `${label}: ${quoted}`,
    `the ${label} is ${quoted}`,
    `${verb} a ${label} of ${quoted}`,
  ]
  return { wish: random.pick(wishes), said }
}

/** "choose "pear" from the list". */
export function askSelect(random: Random, field: string, option: string): string {
  const said = mention(random, option)
  const list = random.pick(['list', 'dropdown', 'menu', 'drop-down list', 'options'])
  const verb = random.pick(['choose', 'select', 'pick', 'set'])
  if (field === '')
    return random.pick([`${verb} ${said} from the ${list}`, `${verb} ${said}`, `${verb} ${said} in the ${list}`])
  const label = random.chance(0.6) ? field.toLowerCase() : mention(random, field)
  return random.pick([
    `${verb} ${said} from the ${label} ${list}`,
    `${verb} ${said} as ${label}`,
    `set ${label} to ${said}`,
    `${label}: ${said}`,
    `${verb} ${said} for ${label}`,
  ])
}

/** Joins wishes into one instruction: "Click A, type B and press OK." */
export function sentence(random: Random, wishes: readonly string[]): string {
  const last = wishes.length - 1
  const link = random.pick([' and ', ', then ', ' and then ', ', ', '. Then ', ', and '])
  const joint = random.pick([', ', ', ', ' and ', '; ', '. '])
  const joined = wishes.reduce((text, wish, i) => {
    if (i === 0) return wish
    const between = i === last ? link : joint
    return text + between + (between === '. ' ? capitalise(wish) : wish)
  }, '')
  const polite = random.chance(0.1) ? random.pick(['please ', 'now ', 'your task: ', 'on this page, ']) : ''
  const text = random.chance(0.92) ? capitalise(polite + joined) : polite + joined
  return text + (random.chance(0.75) ? '.' : '')
}

/** "a", "a and b", "a, b and c", with all quoted or none. */
export function enumerate(random: Random, names: readonly string[]): string {
  const quote = random.pick(['"', '', ''])
  const said = names.map((name) => quote + name + quote)
  if (random.chance(0.5)) return said.join(', ')
  return said.length === 1 ? said[0]! : `${said.slice(0, -1).join(', ')} and ${said.at(-1)}`
}

const FINISHES = [
  'Submit',
  'OK',
  'Send',
  'Save',
  'Apply',
  'Done',
  'Confirm',
  'Continue',
  'Go',
  'Finish',
  'Next',
  'Log in',
  'Sign up',
  'Search',
  'Book',
  'Order',
  'Update',
  'Add',
  'Ready',
]

/** The name of a button that submits a form. */
export function finishName(random: Random): string {
  return random.pick(FINISHES)
}

/** "press okay", the wish to submit a form, and the words with which the thought repeats it. */
export function askFinish(random: Random, name: string): { wish: string; said: string } {
  const said = random.chance(0.5) ? name : name.toLowerCase()
  const quoted = random.chance(0.4) ? `"${said}"` : said
  const verb = random.pick(['click', 'press', 'hit', 'click on', 'push', 'tap'])
  const wish = random.pick([
    `${verb} ${quoted}`,
    `${verb} the ${quoted} button`,
    `${verb} ${quoted} when done`,
    `${verb} ${quoted} to finish`,
  ])
  return { wish, said }
}
