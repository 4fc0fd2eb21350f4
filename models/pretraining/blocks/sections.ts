/** Tabs, sections or pages, one of which is open. The wanted element may be in another one. */
import { type Block, element, type Query } from '../lesson.ts'
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
  const items = Array.from({ length: random.integer(1, 6) }, () =>
    element(
      itemRole,
      fresh((r) => (r.chance(0.85) ? word(r) : phrase(r, 2, 2))),
    ),
  )
  const padded = items.flatMap((item) => (random.chance(0.25) ? [element('p', filler(random)), item] : [item]))
  const visited = titles.slice(0, shown)
  const walked = visited.length === 0 || random.chance(0.5)
  const done = [...visited.slice(1), ...(shown > 0 ? [titles[shown]!] : [])].map((on) => ({
    kind: 'click' as const,
    on,
  }))
  const queries: Query[] = []
  const hasItems = random.chance(0.8)
  for (const found of hasItems ? random.sample(items, 2) : []) {
    queries.push({
      instruction: askHidden(random, found.name, itemRole),
      done: walked ? done : [],
      thought: `click ${found.name}`,
      next: { kind: 'click', on: found },
    })
  }
  const next = titles[shown + 1]
  for (let i = 0; next !== undefined && i < 2; i++) {
    const missing = fresh(word)
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

function askHidden(random: Random, name: string, role: string): string {
  const where = random.pick(['', '', 'it may be in another tab', 'search all sections', 'look through the pages'])
  const find = random.chance(0.5) ? askClick(random, name, role) : `find ${random.pick(['', 'and click '])}"${name}"`
  return sentence(random, where === '' ? [find] : random.chance(0.5) ? [where, find] : [find, where])
}
