/** A message with buttons, to be closed, answered or accepted; and a search with its results. */
import { type Block, element, type Query } from '../lesson.ts'
import type { Random } from '../random.ts'
import { capitalise, filler, phrase, typedText, word } from '../words.ts'
import type { FreshName } from './names.ts'
import { counted, ordinal, sentence } from './wording.ts'

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

/** Types a text, presses search, opens the n-th result. */
export function search(random: Random, fresh: FreshName): Block {
  const box = element('textbox', random.chance(0.5) ? '' : fresh((r) => r.pick(['Search', 'Find', 'Query', 'Keyword'])))
  const button = element(
    'button',
    fresh(() => random.pick(['Find', 'Look up', 'Search'])),
  )
  const text = typedText(random)
  const stage = random.pick([0, 1, 2, 2])
  // Later pages of results have as many as the first.
  const perPage = random.integer(1, 8)
  const turned = stage === 2 && random.chance(0.4) ? random.integer(1, 3) : 0
  const results = Array.from({ length: stage === 2 ? perPage : 0 }, () =>
    element(
      'link',
      fresh((r) => phrase(r, 1, 2)),
    ),
  )
  const pages = stage === 2 && (turned > 0 || random.chance(0.5))
  const more = element('link', pages ? fresh((r) => r.pick(['>', '>>', 'Next', 'More results'])) : '>')
  const fill = { kind: 'fill' as const, on: box, text }
  const press = { kind: 'click' as const, on: button }
  if (stage > 0) box.value = text
  if (stage === 1) box.states.push('focused')
  const queries = Array.from({ length: stage === 2 ? 3 : 1 }, (): Query => {
    const last = turned * perPage + perPage - 1
    const wanted =
      stage < 2
        ? random.integer(0, 5)
        : random.integer(turned * perPage, Math.min(pages ? last + perPage : last, turned * perPage + 9))
    const instruction = askSearch(random, stage === 0 && random.chance(0.5) ? typedText(random) : text, wanted)
    if (stage === 0) {
      const field = box.name === '' ? 'box' : box.name.toLowerCase()
      const said = instruction.text
      return {
        instruction: instruction.wish,
        done: [],
        thought: `fill ${field} with ${said}`,
        next: { ...fill, text: said },
      }
    }
    if (stage === 1) {
      return {
        instruction: instruction.wish,
        done: [fill],
        thought: `click ${button.name.toLowerCase()}`,
        next: press,
      }
    }
    const done = [fill, press, ...Array.from({ length: turned }, () => ({ kind: 'click' as const, on: more }))]
    const at = wanted - turned * perPage
    const found = results[at]
    if (found === undefined) {
      return {
        instruction: instruction.wish,
        done,
        thought: `no ${counted(wanted)} here, click ${more.name}`,
        next: { kind: 'click', on: more },
      }
    }
    const passed = results.slice(0, at + 1).map(({ name }, i) => `${counted(i)} ${name}`)
    return {
      instruction: instruction.wish,
      done,
      thought: `${passed.join(', ')}, click it`,
      next: { kind: 'click', on: found },
    }
  })
  const address = () => `https://${word(random).replace(/\W/g, '').toLowerCase()}.${random.pick(['com', 'net', 'io'])}`
  const isLong = random.chance(0.4)
  const texts = results.flatMap((result) => [
    result,
    ...(isLong || random.chance(0.2) ? [element('div', address())] : []),
    ...(isLong || random.chance(0.2) ? [element('div', filler(random))] : []),
  ])
  return { elements: [box, button, ...texts, ...(pages ? [more] : [])], queries }
}

function askSearch(random: Random, text: string, wanted: number): { wish: string; text: string } {
  const nth = ordinal(random, wanted)
  const find = random.pick([
    `enter "${text}" in the box`,
    `look up "${text}"`,
    `find "${text}" with the search box`,
    `search for "${text}"`,
  ])
  const open = random.pick([
    `open the ${nth} result`,
    `click the ${nth} result`,
    `choose the ${nth} hit`,
    `go to the ${nth} link found`,
    `take the result that comes ${nth}`,
  ])
  return { wish: sentence(random, [find, open]), text }
}
