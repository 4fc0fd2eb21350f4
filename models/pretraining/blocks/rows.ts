/** Rows of icons again: entries that hide behind one of them, and tasks that want the same icon in several rows. */
import { type Block, type Draft, type DraftAction, element, type Query } from '../lesson.ts'
import type { Random } from '../random.ts'
import { filler, personName, phrase, word } from '../words.ts'
import type { FreshName } from './names.ts'
import { askFinish, finishName, mention, sentence } from './wording.ts'

const ICONS = ['answer', 'pin', 'flag', 'heart', 'bookmark', 'copy', 'print', 'star', 'save', 'mute', 'edit', 'remove']
const MENUS = ['menu', 'more', '...', 'options', 'show more', 'other', '⋮']
const ENTRIES = [
  'Archive',
  'Report',
  'Hide',
  'Mute',
  'Unfollow',
  'Copy address',
  'Print',
  'Details',
  'Pass to a friend',
  'Mark as seen',
]

interface Row {
  readonly who: string
  readonly title: Draft
  readonly icons: readonly Draft[]
  readonly elements: readonly Draft[]
}

function makeRows(random: Random, names: readonly string[], iconNames: readonly string[]): Row[] {
  const iconRole = random.pick(['icon', 'icon', 'span', 'button'])
  const titleRole = random.pick(['div', 'span', 'td', 'heading'])
  const texts = random.chance(0.7)
  const kind = random.integer(0, 2)
  return names.map((who) => {
    const before = kind === 0 ? '' : `${word(random)} `
    const after = kind === 1 ? '' : ` ${phrase(random, 1, 2)}`
    const title = element(titleRole, before + who + after)
    const icons = iconNames.map((name) => element(iconRole, name))
    const text = texts ? [element(random.pick(['div', 'p']), filler(random))] : []
    return { who, title, icons, elements: [title, ...text, ...icons] }
  })
}

/** The line of the row, then its icons up to the wanted one. */
function path({ title, icons }: Row, icon: Draft): Query['thought'] {
  return (ref) =>
    [title, ...icons.slice(0, icons.indexOf(icon) + 1)].map((one) => `${one.name} ${one.role} ${ref(one)}`).join(', ')
}

const handle = (random: Random): string => (random.chance(0.4) ? '@' : '') + personName(random)

/** What the row's icons do not offer is in the menu behind the last of them. */
export function menu(random: Random, fresh: FreshName): Block {
  const menuName = random.pick(MENUS)
  const names = Array.from({ length: random.integer(2, 6) }, () => fresh(handle))
  const rows = makeRows(random, names, [...random.sample(ICONS, random.integer(0, 3)), menuName])
  const entries = random.sample(ENTRIES, random.integer(2, 6))
  const row = random.pick(rows)
  const opener = row.icons.at(-1)!
  const opened = random.chance(0.5)
  const withName = random.chance(0.3)
  const items = entries.map((entry) => ({ entry, draft: element('li', withName ? `${entry} ${row.who}` : entry) }))
  const queries = random.sample(items, 2).map(({ entry, draft }): Query => {
    const instruction = sentence(random, [
      random.pick([
        `for ${row.who}, choose ${mention(random, entry)}`,
        `choose "${entry}" at the entry of ${row.who}`,
        `use ${mention(random, entry)} on what ${row.who} wrote`,
        `${entry.toLowerCase()}: the entry of ${row.who}`,
      ]),
    ])
    return opened
      ? {
          instruction,
          done: [{ kind: 'click', on: opener }],
          thought: `click ${entry}`,
          next: { kind: 'click', on: draft },
        }
      : {
          instruction,
          done: [],
          thought: `no ${entry} here, click ${opener.name}`,
          next: { kind: 'click', on: opener },
        }
  })
  const elements = rows.flatMap((one) =>
    one === row && opened ? [...one.elements, ...items.map(({ draft }) => draft)] : [...one.elements],
  )
  return { elements, queries }
}

/** The same icon in all rows of one name, or in some of them. What was clicked is marked. */
export function repeats(random: Random, fresh: FreshName): Block {
  return random.chance(0.35) ? alike(random, fresh) : ofOneName(random, fresh)
}

function ofOneName(random: Random, fresh: FreshName): Block {
  const who = fresh(handle)
  const others = Array.from({ length: random.integer(1, 3) }, () => fresh(handle))
  const names = random.sample(
    [...Array.from({ length: random.integer(1, 4) }, () => who), ...others, ...random.sample(others, 1)],
    9,
  )
  const iconNames = random.sample(ICONS, random.integer(1, 4))
  const rows = makeRows(random, names, iconNames)
  const at = random.integer(0, iconNames.length - 1)
  const his = rows.filter((row) => row.who === who)
  const all = random.chance(0.5)
  const amount = all ? his.length : random.integer(1, his.length)
  const clicked = his.slice(0, random.integer(0, amount)).map((row) => row.icons[at]!)
  for (const icon of clicked) icon.states.push('selected')
  const button = element('button', fresh(finishName))
  const { wish, said } = askFinish(random, button.name)
  const icon = iconNames[at]!
  const things = random.pick(['entries', 'cards', 'notes', 'pictures'])
  const ask = random.pick([
    `${icon} ${all ? 'all' : amount} ${things} of ${who}`,
    `use the ${mention(random, icon)} icon of ${all ? 'every one' : amount} of the ${things} by ${who}`,
    `${all ? 'everything' : `${amount} ${things}`} by ${who} shall get "${icon}"`,
  ])
  const next = his[clicked.length]
  const done: DraftAction[] = clicked.map((on) => ({ kind: 'click', on }))
  const query: Query =
    clicked.length < amount && next !== undefined
      ? {
          instruction: sentence(random, [ask, wish]),
          done,
          thought: path(next, next.icons[at]!),
          next: { kind: 'click', on: next.icons[at]! },
        }
      : {
          instruction: sentence(random, [ask, wish]),
          done,
          thought: `done, click ${said}`,
          next: { kind: 'click', on: button },
        }
  return { elements: [...rows.flatMap((row) => row.elements), button], queries: [query] }
}

/** Elements with few names: each of one name is wanted, and the next is the first that is not marked. */
function alike(random: Random, fresh: FreshName): Block {
  const role = random.pick(['icon', 'div', 'span', 'button'])
  const names = Array.from({ length: random.integer(2, 4) }, () => fresh(word))
  const elements = Array.from({ length: random.integer(3, 12) }, () => element(role, random.pick(names)))
  const button = element('button', fresh(finishName))
  const { wish, said } = askFinish(random, button.name)
  const name = random.pick(elements).name
  const wanted = elements.filter((one) => one.name === name)
  const clicked = wanted.slice(0, random.integer(0, wanted.length))
  for (const one of clicked) one.states.push('selected')
  const next = wanted[clicked.length]
  const instruction = sentence(random, [
    random.pick([`choose every ${name}`, `click each ${mention(random, name)}`, `mark all that are ${name}`]),
    wish,
  ])
  const done: DraftAction[] = clicked.map((on) => ({ kind: 'click', on }))
  const query: Query =
    next === undefined
      ? { instruction, done, thought: `done, click ${said}`, next: { kind: 'click', on: button } }
      : { instruction, done, thought: `click ${name}`, next: { kind: 'click', on: next } }
  return { elements: [...elements, button], queries: [query] }
}
