/** Tabs, sections or pages, one of which is open. The wanted element may be in another one. */
import { type Block, type Draft, element, type Query } from '../lesson.ts'
import type { Random } from '../random.ts'
import { digits, filler, phrase, word } from '../words.ts'
import type { FreshName } from './names.ts'
import { askClick, sentence } from './wording.ts'

/** Pages to turn: the wanted element is on this page, or after "next". */
export function pager(random: Random, fresh: FreshName): Block {
  const role = random.pick(['link', 'span', 'h2', 'li', 'div'])
  const items = Array.from({ length: random.integer(1, 5) }, () =>
    element(
      role,
      fresh((r) => phrase(r, 1, 2)),
    ),
  )
  const back = element(
    'link',
    fresh((r) => r.pick(['<', 'Previous', 'Back', '«'])),
  )
  const next = element(
    'link',
    fresh((r) => r.pick(['>', 'Next', 'More', '»'])),
  )
  const pages = Array.from({ length: random.pick([0, 0, 3]) }, (_, i) =>
    element(
      'link',
      fresh(() => String(i + 1)),
    ),
  )
  const turned = Array.from({ length: random.integer(0, 3) }, () => ({ kind: 'click' as const, on: next }))
  const queries: Query[] = random.sample(items, 2).map((found) => ({
    instruction: askHidden(random, found.name, role),
    done: turned,
    thought: `click ${found.name}`,
    next: { kind: 'click', on: found },
  }))
  for (let i = 0; i < 2; i++) {
    const missing = fresh((r) => phrase(r, 1, 2))
    queries.push({
      instruction: askHidden(random, missing, role),
      done: turned,
      thought: `no ${missing} here, click ${next.name}`,
      next: { kind: 'click', on: next },
    })
  }
  const bar = [back, ...pages, next]
  return { elements: random.chance(0.7) ? [...items, ...bar] : [...bar, ...items], queries }
}

export function sections(random: Random, fresh: FreshName): Block {
  const role = random.pick(['tab', 'tab', 'tab', 'link', 'heading', 'button', 'folder'])
  const numbered = random.chance(0.5)
  const stem = random.pick(['Tab #', 'Section #', 'Page ', 'Part ', 'Tab ', 'Area ', ''])
  const titles = Array.from({ length: random.integer(2, 6) }, (_, i) =>
    element(role, numbered && stem !== '' ? fresh(() => stem + (i + 1)) : fresh(word)),
  )
  const shown = random.integer(0, titles.length - 1)
  titles[shown]!.states.push(role === 'tab' ? 'selected' : 'expanded')
  const itemRole = random.pick(['link', 'span', 'button', 'li'])
  const items: Draft[] = Array.from({ length: random.integer(1, 6) }, () =>
    element(
      itemRole,
      fresh((r) => (r.chance(0.85) ? word(r) : phrase(r, 2, 2))),
    ),
  )
  const padded = items.flatMap((item) => (random.chance(0.25) ? [element('p', filler(random)), item] : [item]))
  // Those behind the shown one come first. When all of them were looked at, those before it get a second look.
  const clicked = shown === 0 ? [] : walk(random, titles, shown)
  const unseen = titles.filter((title) => title !== titles[shown] && !clicked.includes(title))
  const next = unseen.find((title) => titles.indexOf(title) > shown) ?? unseen[0]
  const done = clicked.map((on) => ({ kind: 'click' as const, on }))
  const queries: Query[] = []
  const hasItems = random.chance(0.8)
  for (const found of hasItems ? random.sample(items, 2) : []) {
    queries.push({
      instruction: askHidden(random, found.name, itemRole),
      done: random.chance(0.5) ? done : [],
      thought: `click ${found.name}`,
      next: { kind: 'click', on: found },
    })
  }
  for (let i = 0; next !== undefined && i < 2; i++) {
    // What is missing may look like something that is there.
    const missing = hasItems && random.chance(0.5) ? twin(fresh, random.pick(items).name) : fresh(word)
    queries.push({
      instruction: askHidden(random, missing, itemRole),
      done,
      thought: `no ${missing} here, click ${next.name}`,
      next: { kind: 'click', on: next },
    })
  }
  const title = random.pick(titles)
  queries.push({
    instruction: sentence(random, [askClick(random, title.name, role)]),
    done: [],
    thought: `click ${title.name}`,
    next: { kind: 'click', on: title },
  })
  const content = hasItems ? padded : [element('p', `${filler(random)} ${digits(random, 2)}`)]
  const under = role === 'heading' || random.chance(0.2)
  const elements = under
    ? [...titles.slice(0, shown + 1), ...content, ...titles.slice(shown + 1)]
    : [...titles, ...content]
  return { elements, queries }
}

/** The titles that were clicked on the way to the shown one, some of them out of order. */
function walk(random: Random, titles: readonly Draft[], shown: number): Draft[] {
  const before = titles.slice(1, shown)
  const after = titles.slice(shown + 1)
  const kind = random.next()
  if (kind < 0.45) return [...before, titles[shown]!]
  if (kind < 0.6) return [titles[shown]!]
  return [...random.sample([...before, ...after], random.integer(0, titles.length - 2)), titles[shown]!]
}

/** A name that is nearly the same: in its end, its beginning, or its punctuation. */
function twin(fresh: FreshName, name: string): string {
  const half = Math.ceil(name.length / 2)
  return fresh((r) =>
    r.pick([
      name.slice(0, half) + word(r).slice(0, 3),
      word(r).slice(0, 3) + name.slice(half),
      `${name}${r.pick(['s', 'e', '.', ','])}`,
    ]),
  )
}

function askHidden(random: Random, name: string, role: string): string {
  const where = random.pick(['', '', 'it may be in another tab', 'search all sections', 'look through the pages'])
  const find = random.chance(0.5) ? askClick(random, name, role) : `find ${random.pick(['', 'and click '])}"${name}"`
  return sentence(random, where === '' ? [find] : random.chance(0.5) ? [where, find] : [find, where])
}
