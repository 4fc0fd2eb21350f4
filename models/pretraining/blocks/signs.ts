/** Labels that are signs: places, sums, numbers, symbols. Many on a page differ by one character. */
import { type Block, element, type Query } from '../lesson.ts'
import type { Random } from '../random.ts'
import { word } from '../words.ts'
import type { FreshName } from './names.ts'
import { askClick, roleWord, sentence } from './wording.ts'

const SYMBOLS = [...'+-*/=?!<>&@#%~^|×÷±√∞≈≠≤≥←↑→↓↔↺★☆✓✗✎♥♪☰⚙⌂€£¥§¶°'].concat([
  '<<',
  '>>',
  '...',
  '--',
  '++',
  '<-',
  '->',
  ':-)',
])

/** Templates of labels with two small numbers. */
const LABELS: readonly ((a: number, b: number, random: Random) => string)[] = [
  (a, b) => `(${a},${b})`,
  (a, b) => `(${a}, ${b})`,
  (a, b) => `[${a};${b}]`,
  (a, b) => `${a}/${b}`,
  (a, b) => `${a}:${b}`,
  (a, b) => `${a}.${b}`,
  (a, b) => `${a} x ${b}`,
  (a, b) => `<${a}|${b}>`,
  (a, b) => `R${a}C${b}`,
  (a, b) => `${a} - ${b}`,
  (a) => `#${a}`,
  (a) => `${a}%`,
  (a, b) => `$${a}${Math.abs(b)}`,
  (a) => String(a),
  (a, b) => `${String.fromCharCode(65 + Math.abs(a))}${Math.abs(b)}`,
]

/** What a sign means where a page or a task has the word for it. */
const MEANINGS = [
  ['x', 'Close'],
  ['×', 'Close'],
  ['+', 'Add'],
  ['-', 'Remove'],
  ['?', 'Help'],
  ['>', 'Next'],
  ['→', 'Next'],
  ['<', 'Back'],
  ['←', 'Back'],
  ['☰', 'Menu'],
  ['⚙', 'Settings'],
  ['⌂', 'Home'],
  ['★', 'Favourite'],
  ['✓', 'Accept'],
  ['✎', 'Edit'],
  ['↺', 'Undo'],
  ['♥', 'Like'],
] as const

const ROLES = ['button', 'td', 'link', 'span', 'li', 'circle', 'rect', 'icon', 'radio', 'option', 'text']

export function signs(random: Random, fresh: FreshName): Block {
  return random.chance(0.25) ? meanings(random, fresh) : labels(random, fresh)
}

function labels(random: Random, fresh: FreshName): Block {
  const role = random.pick(ROLES)
  const negative = random.chance(0.5)
  const number = (r: Random) => (negative ? r.integer(-5, 5) : r.integer(0, r.pick([4, 9, 30])))
  const label = random.pick(LABELS)
  const symbols = random.chance(0.25)
  const make = (r: Random) => (symbols ? r.pick(SYMBOLS) : label(number(r), number(r), r))
  const elements = Array.from({ length: random.pick([2, 4, 6, 9, 12, 20]) }, () => element(role, fresh(make)))
  if (random.chance(0.4)) elements.sort((a, b) => (a.name < b.name ? -1 : 1))
  // Numbers beside a plan are no labels of its places.
  const names = new Set(elements.map(({ name }) => name))
  const axis = Array.from({ length: random.chance(0.3) ? random.integer(2, 8) : 0 }, () =>
    element('div', String(number(random))),
  ).filter(({ name }) => !names.has(name))
  const queries = random.sample(elements, 4).map(
    (target): Query => ({
      instruction: sentence(random, [
        random.chance(0.4)
          ? `${random.pick(['click', 'choose', 'mark', 'press', 'tap'])} ${target.name}`
          : askClick(random, target.name, role),
      ]),
      done: [],
      thought: `click ${target.name}`,
      next: { kind: 'click', on: target },
    }),
  )
  return { elements: [...elements, ...axis], queries }
}

/** The task has the sign and the page its word, or the other way round. */
function meanings(random: Random, fresh: FreshName): Block {
  const role = random.pick(['button', 'link', 'icon', 'span'])
  const bySign = random.chance(0.6)
  const pairs = random.sample(MEANINGS, random.integer(1, 5))
  const shown = pairs
    .map(([sign, meaning]) => {
      const [name, said] = bySign ? [meaning, sign] : [sign, meaning]
      return {
        draft: element(
          role,
          fresh(() => name),
        ),
        name,
        said,
      }
    })
    // A name that was taken before, by "→" or by another block, got another word.
    .filter(({ draft, name }) => draft.name === name)
  const others = Array.from({ length: shown.length === 0 ? 1 : random.integer(0, 3) }, () => element(role, fresh(word)))
  const queries = random.sample(shown, 2).map(
    ({ draft, said }): Query => ({
      instruction: sentence(random, [
        random.pick([
          `click "${said}"`,
          `press the ${roleWord(random, role)} "${said}"`,
          `tap ${said}`,
          `use the "${said}" in the corner`,
        ]),
      ]),
      done: [],
      thought: `click ${said}`,
      next: { kind: 'click', on: draft },
    }),
  )
  return { elements: random.sample([...shown.map(({ draft }) => draft), ...others], 99), queries }
}
