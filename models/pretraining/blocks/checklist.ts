/** Boxes to tick: some of many, none or one, then a button. */
import { type Block, element } from '../lesson.ts'
import type { Random } from '../random.ts'
import { phrase, word } from '../words.ts'
import type { FreshName } from './names.ts'
import { askFinish, enumerate, finishName, mention, sentence } from './wording.ts'

export function checklist(random: Random, fresh: FreshName): Block {
  const role = random.pick(['checkbox', 'checkbox', 'checkbox', 'radio', 'option', 'div', 'span'])
  const items = Array.from({ length: random.pick([2, 3, 3, 4, 5, 6, 7, 9, 12]) }, () =>
    element(
      role,
      fresh((r) => (r.chance(0.85) ? word(r) : phrase(r, 2, 2))),
    ),
  )
  const most = role === 'radio' ? 1 : Math.min(6, items.length)
  const wanted = random.sample(items, random.integer(role === 'radio' ? 1 : random.chance(0.05) ? 0 : 1, most))
  if (random.chance(0.5)) wanted.sort((a, b) => items.indexOf(a) - items.indexOf(b))
  const button = element('button', fresh(finishName))
  const { wish, said } = askFinish(random, button.name)
  const at = random.integer(0, wanted.length)
  for (const item of wanted.slice(0, at))
    item.states.push(role === 'checkbox' || role === 'radio' ? 'checked' : 'selected')
  // What was clicked last has the focus.
  if (at > 0 && (role === 'checkbox' || role === 'radio')) wanted[at - 1]!.states.push('focused')
  const verb = random.pick(['choose', 'tick', 'check', 'select', 'mark', 'pick', 'click'])
  const names = wanted.map((item) => item.name)
  const choose =
    names.length === 0
      ? `${verb} nothing`
      : names.length === 1
        ? `${verb} ${mention(random, names[0]!)}`
        : `${verb} ${enumerate(random, names)}`
  const instruction = sentence(random, [choose, wish])
  const done = wanted.slice(0, at).map((on) => ({ kind: 'click' as const, on }))
  const item = wanted[at]
  const query =
    item === undefined
      ? { instruction, done, thought: `done, click ${said}`, next: { kind: 'click' as const, on: button } }
      : { instruction, done, thought: `click ${item.name}`, next: { kind: 'click' as const, on: item } }
  return { elements: [...items, button], queries: [query] }
}
