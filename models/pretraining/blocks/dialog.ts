/** A message with its buttons, asked to be closed, answered or accepted; and a search that has found things. */
import { type Block, element, type Query } from '../lesson.ts'
import type { Random } from '../random.ts'
import { capitalise, filler, phrase, typedText, word } from '../words.ts'
import type { FreshName } from './names.ts'
import { ordinal, sentence } from './wording.ts'

export function dialog(random: Random, fresh: FreshName): Block {
  const title = element('span', capitalise(fresh(word)))
  const close = element(
    'button',
    fresh(() => random.pick(['close', 'Close', 'x', 'dismiss'])),
  )
  const yes = element(
    'button',
    fresh((r) => r.pick(['Yes', 'Accept', 'Agree', 'Allow', 'Got it'])),
  )
  const no = element(
    'button',
    fresh((r) => r.pick(['No', 'Reject', 'Decline', 'Cancel', 'Later'])),
  )
  const body = element('p', filler(random))
  const shut = random.pick([
    'close the window',
    'close the dialog',
    'close the box',
    'get rid of the message',
    `click the "${close.name}" button`,
    `close the ${title.name} window`,
  ])
  const queries: Query[] = [
    {
      instruction: sentence(random, [shut]),
      done: [],
      thought: `click ${close.name}`,
      next: { kind: 'click', on: close },
    },
    ...[yes, no].map(
      (answer): Query => ({
        instruction: sentence(random, [
          random.pick([
            `answer ${answer.name.toLowerCase()}`,
            `click "${answer.name}"`,
            `press ${answer.name} in the dialog`,
          ]),
        ]),
        done: [],
        thought: `click ${answer.name}`,
        next: { kind: 'click', on: answer },
      }),
    ),
  ]
  const elements = random.chance(0.5) ? [title, close, body, yes, no] : [body, yes, no, title, close]
  return { elements, queries: random.sample(queries, 2) }
}

/** Type, press search, open the n-th result. */
export function search(random: Random, fresh: FreshName): Block {
  const box = element('textbox', random.chance(0.5) ? '' : fresh((r) => r.pick(['Search', 'Find', 'Query', 'Keyword'])))
  const button = element(
    'button',
    fresh(() => random.pick(['Find', 'Look up', 'Search'])),
  )
  const text = typedText(random)
  const wanted = random.integer(0, 5)
  const stage = random.integer(0, 2)
  const results =
    stage === 2
      ? Array.from({ length: random.integer(wanted + 1, 8) }, () =>
          element(
            'link',
            fresh((r) => phrase(r, 1, 2)),
          ),
        )
      : []
  const nth = ordinal(random, wanted)
  const find = random.pick([
    `enter "${text}" in the box`,
    `look up "${text}"`,
    `find "${text}" with the search box`,
    `use the box to enter "${text}"`,
  ])
  const open = random.pick([
    `open the ${nth} result`,
    `click the ${nth} result`,
    `choose the ${nth} hit`,
    `go to the ${nth} link found`,
  ])
  const fill = { kind: 'fill' as const, on: box, text }
  const press = { kind: 'click' as const, on: button }
  if (stage > 0) box.value = text
  if (stage === 1) box.states.push('focused')
  const instruction = sentence(random, [find, open])
  const queries: Query[] = [
    {
      instruction,
      done: [],
      thought: `fill ${box.name === '' ? 'box' : box.name.toLowerCase()} with ${text}`,
      next: fill,
    },
    { instruction, done: [fill], thought: `click ${button.name.toLowerCase()}`, next: press },
    {
      instruction,
      done: [fill, press],
      thought: `click ${nth} result`,
      next: { kind: 'click', on: results[wanted] ?? button },
    },
  ]
  const texts = results.flatMap((result) => (random.chance(0.3) ? [result, element('div', filler(random))] : [result]))
  return { elements: [box, button, ...texts], queries: [queries[stage]!] }
}
