/** Checkboxes: the task ticks some, none or one, then presses a button. */
import { type Block, element, type Query } from '../lesson.ts'
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
  const button = element('button', fresh(finishName))
  const many = role !== 'radio'
  const ticked = random.sample(items, random.chance(0.45) ? 0 : random.integer(1, many ? Math.min(5, items.length) : 1))
  if (random.chance(0.5)) ticked.sort((a, b) => items.indexOf(a) - items.indexOf(b))
  for (const item of ticked) item.states.push(role === 'checkbox' || role === 'radio' ? 'checked' : 'selected')
  // The element that was clicked last has the focus.
  if (role === 'checkbox' || role === 'radio') ticked.at(-1)?.states.push('focused')
  const done = ticked.map((on) => ({ kind: 'click' as const, on }))
  const rest = items.filter((item) => !ticked.includes(item))
  const queries = Array.from({ length: random.integer(2, 3) }, (): Query => {
    const finished = random.chance(ticked.length === 0 ? 0.03 : many ? 0.35 : 1)
    const left = finished ? [] : random.sample(rest, many ? random.integer(1, 4) : 1)
    const wanted = [...ticked, ...left]
    const { wish, said } = askFinish(random, button.name)
    const verb = random.pick(['choose', 'tick', 'check', 'select', 'mark', 'pick', 'click'])
    const names = wanted.map((item) => item.name)
    const choose =
      names.length === 0
        ? `${verb} nothing`
        : names.length === 1
          ? `${verb} ${mention(random, names[0]!)}`
          : `${verb} ${enumerate(random, names)}`
    const instruction = sentence(random, [choose, wish])
    const last = ticked.at(-1)
    const before = last === undefined ? 'done' : `${last.name} done`
    const next = left[0]
    if (next === undefined)
      return { instruction, done, thought: `${before}, click ${said}`, next: { kind: 'click', on: button } }
    const thought = last === undefined ? `click ${next.name}` : `${before}, click ${next.name}`
    return { instruction, done, thought, next: { kind: 'click', on: next } }
  })
  return { elements: [...items, button], queries }
}
