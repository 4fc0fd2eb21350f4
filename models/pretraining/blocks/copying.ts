/** Long texts that are copied into a field, one of several. */
import { type Block, element, type Query } from '../lesson.ts'
import type { Random } from '../random.ts'
import { filler, runningText, word } from '../words.ts'
import type { FreshName } from './names.ts'
import { askFinish, finishName, ordinal, roleWord, sentence } from './wording.ts'

export function copying(random: Random, fresh: FreshName): Block {
  const role = random.pick(['textarea', 'textarea', 'p', 'div', 'td'])
  const sources = Array.from({ length: random.pick([1, 1, 2, 3, 4]) }, () => {
    const text = runningText(random, random.integer(1, 12)) + (random.chance(0.15) ? ` ${word(random)} ` : '')
    return { text, draft: role === 'textarea' ? element(role, '', { value: text }) : element(role, text.trim()) }
  })
  const field = element(
    'textbox',
    random.chance(0.4) ? '' : fresh((r) => `${word(r)} ${r.pick(['field', 'input', 'box'])}`),
    {
      value: '',
    },
  )
  const button = element('button', fresh(finishName))
  const { wish, said } = askFinish(random, button.name)
  const filled = random.chance(0.3)
  const where = random.pick(['textbox', 'text input', 'field', 'box', 'line'])
  const shown = random.integer(0, sources.length - 1)
  const textOf = (at: number) => (role === 'textarea' ? sources[at]!.text : sources[at]!.draft.name)
  if (filled) Object.assign(field, { value: textOf(shown), states: ['focused'] })
  const queries = random.sample([...sources.keys()], filled ? 1 : 2).map((picked): Query => {
    const at = filled ? shown : picked
    const which = sources.length === 1 ? 'the' : `the ${ordinal(random, at)}`
    const kind = roleWord(random, role)
    const ask = random.pick([
      `put what ${which} ${kind} says into the ${where}`,
      `repeat ${which} ${kind} in the ${where}`,
      `write ${which} ${kind} again, in the ${where}`,
      `the ${where} gets the text of ${which} ${kind}`,
    ])
    const fill = { kind: 'fill' as const, on: field, text: textOf(at) }
    return {
      instruction: sentence(random, [ask, wish]),
      ...(filled
        ? { done: [fill], thought: `done, click ${said}`, next: { kind: 'click', on: button } }
        : {
            done: [],
            thought: `fill ${where} with ${fill.text}`,
            next: fill,
          }),
    }
  })
  const others = random.chance(0.2) ? [element('p', filler(random))] : []
  return { elements: [...others, ...sources.map(({ draft }) => draft), field, button], queries }
}
