/** Fields that the task gives values for, and a button that ends it; the page stands at some step of the way. */
import { type Block, type Draft, type DraftAction, element } from '../lesson.ts'
import type { Random } from '../random.ts'
import { capitalise, filler, phrase, piece, typedText, word } from '../words.ts'
import type { FreshName } from './names.ts'
import { askClick, askFill, askFinish, askSelect, finishName, ordinal, sentence } from './wording.ts'

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

interface Step {
  wish: string
  thought: string
  action: DraftAction
  /** Shows on the page that the step was done. */
  apply(): void
}

export function form(random: Random, fresh: FreshName): Block {
  const single = random.chance(0.35)
  const named = random.chance(single ? 0.5 : 0.8)
  const label = (r: Random) => (r.chance(0.6) ? r.pick(LABELS) : capitalise(word(r)))
  const fields = Array.from({ length: single ? 1 : random.integer(1, 5) }, () => {
    if (!named) return single ? field(random, fresh, '') : element('textbox', '', { value: '' })
    const name = fresh(label)
    return field(random, fresh, random.chance(0.15) ? name.toLowerCase() : name)
  })
  const wanted = random
    .sample(fields, random.integer(1, fields.length))
    .sort((a, b) => fields.indexOf(a) - fields.indexOf(b))
  const steps = wanted.map((draft) =>
    fieldStep(random, draft, named || single ? '' : ordinal(random, fields.indexOf(draft))),
  )
  if (steps.length > 1 && random.chance(0.2)) steps.reverse()
  const repeated = repeatStep(random, fields, steps)
  if (repeated !== undefined) steps.splice(0, steps.length, ...repeated)
  const button = element('button', fresh(finishName))
  const hasFinish = random.chance(0.85)
  if (hasFinish) {
    const { wish, said } = askFinish(random, button.name)
    steps.push({ wish, thought: `done, click ${said}`, action: { kind: 'click', on: button }, apply: () => {} })
  }
  const at = random.integer(0, steps.length - 1)
  for (const step of steps.slice(0, at)) step.apply()
  const acted = steps[at - 1]?.action
  if (acted !== undefined && acted.kind !== 'press') acted.on.states.push('focused')
  const elements = fields.flatMap((draft) => withLabel(random, draft))
  const others = random.chance(0.2) ? [element('button', fresh(finishName))] : []
  elements.push(...(random.chance(0.5) ? [button, ...others] : [...others, button]))
  if (random.chance(0.2)) elements.unshift(element('p', filler(random)))
  const instruction = sentence(
    random,
    steps.map((step) => step.wish).filter((wish) => wish !== ''),
  )
  const done = steps.slice(0, at).map((step) => step.action)
  return { elements, queries: [{ instruction, done, thought: steps[at]!.thought, next: steps[at]!.action }] }
}

function field(random: Random, fresh: FreshName, name: string): Draft {
  const kind = random.next()
  if (kind < 0.06) return element('date', name, { value: '' })
  if (kind < 0.68) {
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

/** `place` tells a nameless field from the others. */
function fieldStep(random: Random, draft: Draft, place: string): Step {
  if (draft.role === 'checkbox') {
    return {
      wish: askClick(random, draft.name, draft.role),
      thought: `click ${draft.name}`,
      action: { kind: 'click', on: draft },
      apply: () => draft.states.push('checked'),
    }
  }
  if (draft.role === 'date') return dateStep(random, draft)
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
  if (draft.name !== '' && random.chance(0.2)) {
    // The page says more than the task: "Movie title" for "title".
    const { wish, said } = askFill(random, draft.name, place, text)
    draft.name = random.chance(0.6) ? `${capitalise(word(random))} ${draft.name}` : `${draft.name} ${word(random)}`
    return fillStep(draft, text, wish, said)
  }
  const { wish, said } = askFill(random, draft.name, place, text)
  return fillStep(draft, text, wish, said)
}

function fillStep(draft: Draft, text: string, wish: string, said: string): Step {
  return {
    wish,
    thought: `fill ${said} with ${text}`,
    action: { kind: 'fill', on: draft, text },
    apply: () => {
      draft.value = text
    },
  }
}

/** Dates are typed year first, however the task writes them. */
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
  ])
  return fillStep(draft, `${year}-${month}-${day}`, wish, said)
}

/** One text for two fields, as a password and its repetition. */
function repeatStep(random: Random, fields: readonly Draft[], steps: readonly Step[]): Step[] | undefined {
  const texts = fields.filter((draft) => draft.role === 'textbox' && draft.name !== '')
  if (texts.length !== 2 || fields.length !== 2 || steps.length !== 2 || random.chance(0.5)) return undefined
  const text = random.chance(0.6) ? piece(random) : word(random)
  const wish = random.pick([
    `enter "${text}" in both fields`,
    `write "${text}" into both boxes`,
    `fill both inputs with "${text}"`,
    `put ${text} in the two text fields`,
  ])
  return [
    fillStep(texts[0]!, text, wish, texts[0]!.name.toLowerCase()),
    fillStep(texts[1]!, text, '', texts[1]!.name.toLowerCase()),
  ]
}

/** A label at times stands as an element of its own before its field. */
function withLabel(random: Random, draft: Draft): Draft[] {
  if (draft.name === '' || draft.role === 'checkbox' || random.chance(0.7)) return [draft]
  return [element(random.pick(['label', 'span', 'p']), draft.name), draft]
}
