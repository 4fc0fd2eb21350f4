/** Fields that the task gives values for, and a button at the end. The page shows some step on the way. */
import { type Block, type Draft, type DraftAction, element, type Query } from '../lesson.ts'
import type { Random } from '../random.ts'
import { capitalise, filler, phrase, piece, typedText, word } from '../words.ts'
import type { FreshName } from './names.ts'
import { askClick, askFill, askFinish, askSelect, counted, finishName, ordinal, sentence } from './wording.ts'

const LABELS = [
  'Name',
  'First name',
  'Last name',
  'Email',
  'Phone',
  'City',
  'Street',
  'Zip',
  'Country',
  'Title',
  'Subject',
  'Message',
  'Comment',
  'Date',
  'Time',
  'Code',
  'Account',
  'Company',
  'Nickname',
  'PIN',
  'Amount',
  'From',
  'To',
  'Address',
  'Keyword',
  'Note',
  'User',
  'Secret',
  'Login',
  'Year',
  'Size',
  'Color',
]

/** A field, and how the task refers to it: by a name, which may be shorter than the page's, or by its place. */
interface Field {
  readonly draft: Draft
  readonly said: string
  /** The fields of its kind up to this one, if only its place identifies it. */
  readonly alike: readonly Draft[]
}

interface Step {
  readonly wish: string
  readonly thought: Query['thought']
  readonly action: DraftAction
  /** Changes the page as the step does. */
  apply(): void
}

/** The number of tasks with the same past actions, and so the same page, that differ in the remaining ones. */
const VARIANTS = 3

/** Fields with names. */
export function form(random: Random, fresh: FreshName): Block {
  return formOf(random, fresh, namedFields(random, fresh))
}

/** Fields without names: the only one, or text fields that are told apart by their places. */
export function unnamed(random: Random, fresh: FreshName): Block {
  return formOf(random, fresh, unnamedFields(random, fresh))
}

/** A time or a date alone: every hour has to be seen often enough to be known in its other form. */
export function clock(random: Random, fresh: FreshName): Block {
  const said = random.chance(0.5)
    ? ''
    : fresh((r) => r.pick(['Time', 'Start', 'End', 'Arrival', 'Alarm', 'Date', 'Due']))
  const draft = element(random.pick(['time', 'time', 'time', 'date']), said, { value: '' })
  return formOf(random, fresh, [{ draft, said, alike: [] }])
}

function formOf(random: Random, fresh: FreshName, fields: readonly Field[]): Block {
  const button = element('button', fresh(finishName))
  const twice = fields.length === 2 && fields.every(({ draft, said }) => draft.role === 'textbox' && said !== '')
  const queries = twice && random.chance(0.5) ? repeat(random, fields, button) : fillSome(random, fields, button)
  const elements = fields.flatMap(({ draft }) => withLabel(random, draft))
  const others = random.chance(0.2) ? [element('button', fresh(finishName))] : []
  elements.push(...(random.chance(0.5) ? [button, ...others] : [...others, button]))
  if (random.chance(0.2)) elements.unshift(element('p', filler(random)))
  return { elements, queries }
}

function unnamedFields(random: Random, fresh: FreshName): Field[] {
  const single = random.chance(0.5)
  const drafts = Array.from({ length: single ? 1 : random.integer(2, 5) }, () =>
    single ? field(random, fresh, '') : element('textbox', '', { value: '' }),
  )
  return drafts.map((draft, i) => ({ draft, said: '', alike: single ? [] : drafts.slice(0, i + 1) }))
}

function namedFields(random: Random, fresh: FreshName): Field[] {
  const single = random.chance(0.25)
  const label = (r: Random) => (r.chance(0.6) ? r.pick(LABELS) : capitalise(word(r)))
  return Array.from({ length: single ? 1 : random.integer(1, 5) }, () => {
    const said = fresh(label)
    const draft = field(random, fresh, random.chance(0.15) ? said.toLowerCase() : said)
    // The page has a longer name than the task: "Movie title" for "title".
    if (draft.role === 'textbox' && random.chance(0.15))
      draft.name = random.chance(0.6) ? `${capitalise(word(random))} ${said}` : `${said} ${word(random)}`
    return { draft, said, alike: [] }
  })
}

function fillSome(random: Random, fields: readonly Field[], button: Draft): Query[] {
  const inOrder = (some: readonly Field[]) =>
    random.chance(0.85) ? some.toSorted((a, b) => fields.indexOf(a) - fields.indexOf(b)) : some
  const filled = inOrder(random.sample(fields, random.chance(0.4) ? 0 : random.integer(1, fields.length)))
  const before = filled.map((one) => fieldStep(random, one))
  for (const step of before) step.apply()
  const acted = before.at(-1)?.action
  if (acted !== undefined && acted.kind !== 'press') acted.on.states.push('focused')
  const open = fields.filter((one) => !filled.includes(one))
  return Array.from({ length: VARIANTS }, () => {
    const left = open.length === 0 || (before.length > 0 && random.chance(0.25)) ? 0 : random.integer(1, open.length)
    const after = inOrder(random.sample(open, left)).map((one) => fieldStep(random, one))
    if (left === 0 || random.chance(0.85)) after.push(finishStep(random, button))
    return query(random, before, after)
  })
}

/** One text for two fields, such as a password and its repetition. */
function repeat(random: Random, fields: readonly Field[], button: Draft): Query[] {
  const at = random.integer(0, 2)
  return Array.from({ length: at === 0 ? VARIANTS : 1 }, () => {
    const text = random.chance(0.7) ? piece(random) : word(random)
    const wish = random.pick([
      `enter "${text}" in both fields`,
      `write "${text}" into both boxes`,
      `enter the ${fields[0]!.said.toLowerCase()} "${text}" into both inputs`,
      `fill both inputs with "${text}"`,
      `put ${text} in the two text fields`,
    ])
    const steps = fields.map(({ draft, said }, i) =>
      fillStep(draft, text, i === 0 ? wish : '', `fill ${said.toLowerCase()} with ${text}`),
    )
    for (const step of steps.slice(0, at)) step.apply()
    if (at > 0) fields[at - 1]!.draft.states.push('focused')
    return query(random, steps.slice(0, at), [...steps.slice(at), finishStep(random, button)])
  })
}

/** The task of all steps, after the first ones are done. */
function query(random: Random, before: readonly Step[], after: readonly Step[]): Query {
  const wishes = [...before, ...after].map((step) => step.wish).filter((wish) => wish !== '')
  const { thought, action } = after[0]!
  return { instruction: sentence(random, wishes), done: before.map((step) => step.action), thought, next: action }
}

function field(random: Random, fresh: FreshName, name: string): Draft {
  const kind = random.next()
  if (kind < 0.09) return element('date', name, { value: '' })
  if (kind < 0.19) return element('time', name, { value: '' })
  if (kind < 0.7) {
    const value = random.chance(0.1) ? typedText(random) : ''
    return element(random.chance(0.9) ? 'textbox' : 'textarea', name, { value })
  }
  const options = Array.from({ length: random.integer(2, 8) }, () =>
    fresh((r) => (r.chance(0.8) ? word(r) : phrase(r, 2, 2))),
  )
  if (kind < 0.9)
    return element(random.chance(0.75) ? 'combobox' : 'listbox', name, {
      value: random.chance(0.6) ? options[0]! : '',
      options,
    })
  return element('checkbox', name === '' ? fresh(word) : name)
}

function fieldStep(random: Random, { draft, said, alike }: Field): Step {
  if (draft.role === 'checkbox') {
    return {
      wish: askClick(random, draft.name, draft.role),
      thought: `click ${draft.name}`,
      action: { kind: 'click', on: draft },
      apply: () => draft.states.push('checked'),
    }
  }
  if (draft.role === 'date') return dateStep(random, draft)
  if (draft.role === 'time') return timeStep(random, draft)
  if (draft.options !== undefined) {
    const option = random.pick(draft.options)
    return {
      wish: askSelect(random, draft.name, option),
      thought: `select ${option}`,
      action: { kind: 'select', on: draft, option },
      apply: () => {
        draft.value = option
      },
    }
  }
  const text = typedText(random)
  const place = alike.length === 0 ? '' : ordinal(random, alike.length - 1)
  const asked = askFill(random, said, place, text)
  const counting = (ref: (draft: Draft) => number) =>
    alike.map((one, i) => `${counted(i)} ${one.role} ${ref(one)}`).join(', ')
  return fillStep(
    draft,
    text,
    asked.wish,
    alike.length === 0 ? `fill ${asked.said} with ${text}` : (ref) => `${counting(ref)}, fill it with ${text}`,
  )
}

function fillStep(draft: Draft, text: string, wish: string, thought: Query['thought']): Step {
  return {
    wish,
    thought,
    action: { kind: 'fill', on: draft, text },
    apply: () => {
      draft.value = text
    },
  }
}

function finishStep(random: Random, button: Draft): Step {
  const { wish, said } = askFinish(random, button.name)
  return { wish, thought: `done, click ${said}`, action: { kind: 'click', on: button }, apply: () => {} }
}

/** Dates are typed year first, in whatever form the task writes them. */
function dateStep(random: Random, draft: Draft): Step {
  const two = (part: number) => String(part).padStart(2, '0')
  const [day, month, year] = [
    two(random.integer(1, 28)),
    two(random.integer(1, 12)),
    String(random.integer(1970, 2040)),
  ]
  const said = draft.name === '' ? 'date' : draft.name.toLowerCase()
  const wish = random.pick([
    `set ${said} to ${month}/${day}/${year}`,
    `choose ${month}/${day}/${year} as the ${said}`,
    `put ${month}/${day}/${year} into the ${said} field`,
    `enter ${month}/${day}/${year} as the ${said}`,
  ])
  const text = `${year}-${month}-${day}`
  return fillStep(draft, text, wish, `fill ${said} with ${text}`)
}

/** Times of the day are typed from 00:00 to 23:59, in whatever form the task writes them. */
function timeStep(random: Random, draft: Draft): Step {
  const two = (part: number) => String(part).padStart(2, '0')
  const [hour, minute] = [random.integer(0, 23), two(random.integer(0, 59))]
  const half = random.pick([hour < 12 ? 'AM' : 'PM', hour < 12 ? 'am' : 'pm'])
  const shown = random.chance(0.85) ? `${hour % 12 === 0 ? 12 : hour % 12}:${minute} ${half}` : `${two(hour)}:${minute}`
  const said = draft.name === '' ? 'time' : draft.name.toLowerCase()
  const wish = random.pick([
    `set ${said} to ${shown}`,
    `choose ${shown} for ${said}`,
    `put ${shown} into the ${said} field`,
    `fill ${said} in: ${shown}`,
  ])
  const text = `${two(hour)}:${minute}`
  return fillStep(draft, text, wish, `fill ${said} with ${text}`)
}

/** Sometimes a label is an element of its own before its field. */
function withLabel(random: Random, draft: Draft): Draft[] {
  if (draft.name === '' || draft.role === 'checkbox' || random.chance(0.7)) return [draft]
  return [element(random.pick(['label', 'span', 'p']), draft.name), draft]
}
