/** Rows with the same icons, each about a person or thing. The right icon is the one in the right row. */
import { type Block, type Draft, element, type Query } from '../lesson.ts'
import type { Random } from '../random.ts'
import { digits, filler, personName, phrase, word } from '../words.ts'
import type { FreshName } from './names.ts'
import { askFinish, finishName, mention, sentence } from './wording.ts'

const ICONS = [
  'edit',
  'remove',
  'pin',
  'archive',
  'flag',
  'heart',
  'bookmark',
  'comment',
  'mute',
  'download',
  'print',
  'copy',
  'move',
  'hide',
  'follow',
  'save',
  'report',
  'call',
  'open',
  '+',
  'close',
]

export function records(random: Random, fresh: FreshName): Block {
  const iconRole = random.pick(['icon', 'icon', 'span', 'button', 'link'])
  const titleRole = random.pick(['div', 'span', 'td', 'link', 'heading'])
  const icons = random.sample(ICONS, random.integer(1, 4))
  const rows = Array.from({ length: random.pick([2, 3, 3, 4, 5, 8]) }, () => {
    const who = fresh((r) => (r.chance(0.7) ? personName(r) : phrase(r, 1, 2)))
    // Sometimes the row's line begins with the name and continues, or contains the name.
    const kind = random.next()
    const rest = kind < 0.5 ? ` ${phrase(random, 1, 5)}` : ''
    const title = element(titleRole, (kind < 0.12 ? `${word(random)} ` : '') + who + rest)
    const text = random.chance(0.6)
      ? [element(random.pick(['div', 'span', 'td']), random.chance(0.5) ? filler(random) : phrase(random, 1, 4))]
      : []
    const actions = icons.map((icon) => element(iconRole, icon))
    const elements = random.chance(0.85) ? [title, ...text, ...actions] : [title, ...actions, ...text]
    return { who, title, actions, elements }
  })
  const queries: Query[] = []
  for (const row of random.sample(rows, 4)) {
    const icon = random.pick(row.actions)
    queries.push({
      instruction: sentence(random, [askRow(random, row.who, icon.name)]),
      done: [],
      thought: (ref) =>
        [row.title, ...row.actions.slice(0, row.actions.indexOf(icon) + 1)]
          .map((one) => `${one.name} ${one.role} ${ref(one)}`)
          .join(', '),
      next: { kind: 'click', on: icon },
    })
  }
  const open = random.pick(rows)
  if (random.chance(0.5)) {
    queries.push({
      instruction: sentence(random, [
        `${random.pick(['open', 'read', 'find', 'show'])} the ${random.pick(['item', 'message', 'entry', 'row', 'card'])} ${random.pick(['of', 'by', 'from'])} ${mention(random, open.who)}`,
      ]),
      done: [],
      thought: `click ${open.who}`,
      next: { kind: 'click', on: open.title },
    })
  }
  return { elements: rows.flatMap((row) => row.elements), queries }
}

function askRow(random: Random, who: string, icon: string): string {
  const thing = random.pick(['entry', 'item', 'note', 'card', 'row', 'message', 'picture'])
  return random.pick([
    `${icon} the ${thing} of ${mention(random, who)}`,
    `${icon} the ${thing} by ${who}`,
    `${icon} ${who}'s ${thing}`,
    `find the ${thing} by ${mention(random, who)} and click the "${icon}" icon`,
    `for ${mention(random, who)}, click ${mention(random, icon)}`,
    `click ${mention(random, icon)} for ${mention(random, who)}`,
    `you have a ${thing} from ${who} that you want to ${icon}`,
  ])
}

/** A table of names and values. The task wants one or several of the values in text fields. */
export function lookup(random: Random, fresh: FreshName): Block {
  const role = random.pick(['td', 'span', 'div', 'row', 'row', 'row'])
  const rows = Array.from({ length: random.integer(2, 7) }, () => {
    const [key, value] = [
      fresh((r) => (r.chance(0.6) ? word(r) : phrase(r, 2, 3))),
      fresh((r) => (r.chance(0.2) ? digits(r, r.integer(1, 4)) : r.chance(0.8) ? word(r) : phrase(r, 2, 2))),
    ]
    const lines = role === 'row' ? [element(role, `${key} | ${value}`)] : [element(role, key), element(role, value)]
    return { key, value, lines }
  })
  const button = element('button', fresh(finishName))
  const finish = askFinish(random, button.name)
  const { fields, queries } = random.chance(0.6)
    ? oneValue(random, rows, button, finish)
    : allValues(random, rows, button, finish)
  const table: Draft[] = rows.flatMap(({ lines }) => lines)
  return {
    elements: random.chance(0.7) ? [...table, ...fields, button] : [...fields, button, ...table],
    queries,
  }
}

type Finish = ReturnType<typeof askFinish>

interface Row {
  readonly key: string
  readonly value: string
}
interface Fields {
  readonly fields: Draft[]
  readonly queries: Query[]
}

/** The task names the row. The thought quotes the row before it says what to do with the value. */
function oneValue(random: Random, rows: readonly Row[], button: Draft, finish: Finish): Fields {
  const field = element('textbox', random.chance(0.8) ? '' : random.pick(rows).key, { value: '' })
  const filled = random.chance(0.25)
  const wanted = random.sample(rows, filled ? 1 : 4)
  if (filled) Object.assign(field, { value: wanted[0]!.value, states: ['focused'] })
  const queries = wanted.map(({ key, value }): Query => {
    const where = random.pick(['text field', 'field', 'box', 'textbox'])
    const ask = random.pick([
      `${random.pick(['note', 'type', 'write'])} down in the ${where} what the table has for ${mention(random, key)}`,
      `${random.pick(['enter', 'type', 'put'])} what belongs to ${mention(random, key)} in the ${where}`,
      `what stands next to ${mention(random, key)}? Write it in the ${where}`,
      `copy the value that belongs to ${mention(random, key)} into the ${where}`,
    ])
    const fill = { kind: 'fill' as const, on: field, text: value }
    const instruction = sentence(random, [ask, finish.wish])
    return filled
      ? { instruction, done: [fill], thought: `done, click ${finish.said}`, next: { kind: 'click', on: button } }
      : { instruction, done: [], thought: `${key} | ${value}, fill ${where}`, next: fill }
  })
  return { fields: [field], queries }
}

/** A field for each of several rows, filled in order. */
function allValues(random: Random, rows: readonly Row[], button: Draft, finish: Finish): Fields {
  const wanted = random.sample(rows, random.integer(1, 4))
  const fields = wanted.map(({ key }) => element('textbox', key, { value: '' }))
  const at = random.integer(0, wanted.length)
  for (const [i, field] of fields.slice(0, at).entries()) field.value = wanted[i]!.value
  if (at > 0) fields[at - 1]!.states.push('focused')
  const ask = random.pick([
    'copy the values from the table into the fields',
    'fill each field with its value in the table',
    'look the values up and enter them',
    'take every value over from the table',
  ])
  const instruction = sentence(random, [ask, finish.wish])
  const done = wanted.slice(0, at).map(({ value }, i) => ({ kind: 'fill' as const, on: fields[i]!, text: value }))
  const row = wanted[at]
  const query: Query =
    row === undefined
      ? { instruction, done, thought: `done, click ${finish.said}`, next: { kind: 'click', on: button } }
      : {
          instruction,
          done,
          thought: `${row.key} | ${row.value}, fill ${row.key}`,
          next: { kind: 'fill', on: fields[at]!, text: row.value },
        }
  return { fields, queries: [query] }
}

/** A text on the page that belongs into a field. */
export function transcript(random: Random, fresh: FreshName): Block {
  const role = random.pick(['p', 'div', 'span', 'textarea', 'label'])
  const text = random.chance(0.6) ? word(random) : filler(random)
  const source = role === 'textarea' ? element(role, '', { value: text }) : element(role, text)
  const field = element('textbox', random.chance(0.6) ? '' : fresh(word), { value: '' })
  const button = element('button', fresh(finishName))
  const { wish, said } = askFinish(random, button.name)
  const where = random.pick(['text field', 'field', 'box', 'textbox', 'text input'])
  const kind = random.pick(['text', 'words', 'line', 'message'])
  const ask = random.pick([
    `copy the ${kind} ${random.pick(['above', 'on the page', 'shown', 'you see'])} into the ${where}`,
    `write the ${kind} that you see into the ${where}`,
    `repeat the ${kind} in the ${where}`,
  ])
  const fill = { kind: 'fill' as const, on: field, text }
  const filled = random.chance(0.4)
  if (filled) Object.assign(field, { value: text, states: ['focused'] })
  const query: Query = {
    instruction: sentence(random, [ask, wish]),
    ...(filled
      ? { done: [fill], thought: `done, click ${said}`, next: { kind: 'click', on: button } }
      : { done: [], thought: `fill ${where} with ${text}`, next: fill }),
  }
  return { elements: [source, field, button], queries: [query] }
}
