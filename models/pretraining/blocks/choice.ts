/** Choices that follow from the page: a number among numbers, a suggestion among suggestions. */
import { type Block, element, type Query } from '../lesson.ts'
import type { Random } from '../random.ts'
import { syllables, word } from '../words.ts'
import type { FreshName } from './names.ts'
import { askFinish, finishName, mention, sentence } from './wording.ts'

/** The highest or the lowest of several numbers, or what stands below it. */
export function extremes(random: Random, fresh: FreshName): Block {
  const unit = random.pick(['', '', '', ' kg', ' points', ' m', '°', ' coins'])
  const most = random.pick([9, 20, 99, 999, 9999])
  const values = new Set<number>()
  for (let wanted = random.integer(2, 5); values.size < wanted; ) values.add(random.integer(0, most))
  const withButton = random.chance(0.4)
  const rows = [...values].map((value) => {
    const name = `${withButton ? `${word(random)} ` : ''}${value}${unit}`
    return { value, draft: element(random.pick(['div', 'td', 'button', 'li', 'span']), name) }
  })
  const button = element('button', fresh(finishName))
  const { wish, said } = askFinish(random, button.name)
  const queries = [true, false].map((highest): Query => {
    const best = rows.toSorted((a, b) => (highest ? b.value - a.value : a.value - b.value))[0]!
    const which = random.pick(
      highest ? ['highest', 'biggest', 'largest', 'most'] : ['lowest', 'smallest', 'least', 'fewest'],
    )
    return {
      instruction: sentence(random, [
        `${random.pick(['click', 'choose', 'take', 'mark'])} the ${which}${unit === '' ? ' value' : unit}`,
        wish,
      ]),
      done: [],
      thought: `click ${best.draft.name}`,
      next: { kind: 'click', on: best.draft },
    }
  })
  const [first] = queries as [Query, Query]
  if (random.chance(0.3))
    return {
      elements: [...rows.map(({ draft }) => draft), button],
      queries: [{ ...first, done: [first.next], thought: `done, click ${said}`, next: { kind: 'click', on: button } }],
    }
  return { elements: [...rows.map(({ draft }) => draft), button], queries }
}

/** A field that suggests how a text goes on. */
export function suggestions(random: Random, fresh: FreshName): Block {
  const field = element(
    'textbox',
    random.chance(0.3) ? '' : fresh((r) => r.pick(['Topics', 'Labels', 'City', 'Language', 'Country', word(r)])),
    { value: '' },
  )
  const button = element('button', fresh(finishName))
  const { wish, said } = askFinish(random, button.name)
  const start = syllables(random).slice(0, random.integer(1, 4))
  const role = random.pick(['li', 'option', 'menuitem', 'div'])
  const entries = Array.from({ length: random.integer(1, 6) }, () => {
    const end = syllables(random) + random.pick(['', syllables(random)])
    return {
      end: end.slice(-random.integer(2, 4)),
      draft: element(
        role,
        fresh(() => start + end),
      ),
    }
  })
  const name = field.name === '' ? 'field' : field.name.toLowerCase()
  const ask = (end: string) =>
    sentence(random, [
      random.pick([
        `type ${mention(random, start)} and take the suggestion that ends in ${mention(random, end)}`,
        `the ${name} begins as "${start}" and ends as "${end}"; let the page complete it`,
        `begin with ${mention(random, start)}, then choose what has the end ${mention(random, end)}`,
      ]),
      ...(random.chance(0.6) ? [wish] : []),
    ])
  const wanted = random.pick(entries)
  const fill = { kind: 'fill' as const, on: field, text: start }
  const unique = entries.filter(({ draft }) => draft.name.endsWith(wanted.end)).length === 1
  const stage = unique ? random.integer(0, 2) : 0
  const query: Query =
    stage === 0
      ? { instruction: ask(wanted.end), done: [], thought: `fill ${name} with ${start}`, next: fill }
      : stage === 1
        ? {
            instruction: ask(wanted.end),
            done: [fill],
            thought: `click ${wanted.draft.name}`,
            next: { kind: 'click', on: wanted.draft },
          }
        : {
            instruction: ask(wanted.end),
            done: [fill, { kind: 'click', on: wanted.draft }],
            thought: `done, click ${said}`,
            next: { kind: 'click', on: button },
          }
  if (stage > 0) field.value = stage === 1 ? start : wanted.draft.name
  if (stage === 1) field.states.push('focused')
  return { elements: [field, button, ...(stage === 1 ? entries.map(({ draft }) => draft) : [])], queries: [query] }
}
