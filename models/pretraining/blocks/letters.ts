/** Work in several pages: a list of letters, an opened one, and an answer under way. */
import { type Block, type Draft, type DraftAction, element, type Query } from '../lesson.ts'
import type { Random } from '../random.ts'
import { filler, personName, phrase, runningText, word } from '../words.ts'
import type { FreshName } from './names.ts'
import { mention, sentence } from './wording.ts'

const ANSWERS = ['Answer', 'Respond', 'Write back', 'Comment', 'Return']
const PASSES = ['Pass on', 'Share', 'Send on', 'Hand over', 'Redirect']
const ICONS = ['bin', 'pin', 'flag', 'archive', 'print', 'mute']

interface Wish {
  readonly instruction: string
  /** The button of the opened letter that begins it. */
  readonly begin: Draft
  readonly field: Draft
  readonly fieldName: string
  readonly text: string
}

export function letters(random: Random, fresh: FreshName): Block {
  const who = fresh(personName)
  const line = element(
    random.pick(['div', 'span', 'row']),
    `${who} ${phrase(random, 1, 3)}${random.pick(['', '..', '...'])}`,
  )
  const answer = element(
    random.pick(['span', 'button', 'link']),
    fresh((r) => r.pick(ANSWERS)),
  )
  const pass = element(
    answer.role,
    fresh((r) => r.pick(PASSES)),
  )
  const icons = random.sample(ICONS, random.integer(0, 3))
  const iconRole = random.pick(['icon', 'icon', 'button'])
  const subject = phrase(random, 1, 3)
  const isAnswer = random.chance(0.5)
  const wishes = Array.from({ length: 2 }, () =>
    isAnswer ? toAnswer(random, who, answer, subject) : toPass(random, who, pass),
  )
  const [opening, beginning]: DraftAction[] = [
    { kind: 'click', on: line },
    { kind: 'click', on: isAnswer ? answer : pass },
  ]
  const stage = random.integer(0, 3)
  if (stage === 0) {
    const others = Array.from({ length: random.integer(1, 5) }, () =>
      element(line.role, `${fresh(personName)} ${phrase(random, 1, 3)}`),
    )
    const lines = random.sample([line, ...others], 9)
    const elements = lines.flatMap((one) => [one, ...icons.map((name) => element(iconRole, name))])
    const queries = wishes.map(
      ({ instruction }): Query => ({
        instruction,
        done: [],
        thought: `click ${who}`,
        next: { kind: 'click', on: line },
      }),
    )
    return { elements: random.chance(0.5) ? [element('div', fresh(word)), ...elements] : elements, queries }
  }
  if (stage === 1) {
    const both = [toAnswer(random, who, answer, subject), toPass(random, who, pass)]
    const elements = [
      ...icons.map((name) => element(iconRole, name)),
      ...random.sample([element('div', subject), element('div', who)], 2),
      ...(random.chance(0.5) ? [element('div', random.pick(['to me', 'for you', 'today']))] : []),
      element('div', runningText(random, random.integer(2, 10))),
      ...random.sample([answer, pass], 2),
    ]
    const queries = both.map(
      ({ instruction, begin }): Query => ({
        instruction,
        done: [opening!],
        thought: `click ${begin.name.toLowerCase()}`,
        next: { kind: 'click', on: begin },
      }),
    )
    return { elements, queries }
  }
  const [send, close] = [
    element(iconRole, random.pick(['send', 'send it', 'send letter'])),
    element(iconRole, random.pick(['close', 'discard'])),
  ]
  const { field, fieldName } = wishes[0]!
  const quote = isAnswer ? [] : [element('textarea', random.pick(['', 'text']), { value: runningText(random, 5) })]
  const heading = random.chance(0.5) ? [element('div', subject)] : []
  const body = [field, ...heading, ...quote]
  const elements = random.chance(0.6) ? [close, send, ...body] : [...body, send, close]
  const done = [opening!, beginning!]
  if (stage === 2) {
    const queries = wishes.map(
      ({ instruction, text }): Query => ({
        instruction,
        done,
        thought: `fill ${fieldName} with ${text}`,
        next: { kind: 'fill', on: field, text },
      }),
    )
    return { elements, queries }
  }
  const [{ instruction, text }] = wishes as [Wish, Wish]
  Object.assign(field, { value: text, states: ['focused'] })
  const query: Query = {
    instruction,
    done: [...done, { kind: 'fill', on: field, text }],
    thought: 'done, click send',
    next: { kind: 'click', on: send },
  }
  return { elements, queries: [query] }
}

function toAnswer(random: Random, who: string, begin: Draft, subject: string): Wish {
  const text = runningText(random, random.integer(1, 5))
  const verb = begin.name.toLowerCase()
  const instruction = sentence(random, [
    random.pick([
      `${verb} to the letter of ${mention(random, who)}: "${text}"`,
      `${verb}, to what ${who} wrote, with "${text}"`,
      `${who} wrote to you; ${verb} "${text}"`,
    ]),
  ])
  const name = random.pick(['', `to ${who}, about ${subject}`, 'your text', `${who}: ${subject}`])
  return { instruction, begin, field: element('textarea', name, { value: '' }), fieldName: 'text', text }
}

function toPass(random: Random, who: string, begin: Draft): Wish {
  const text = personName(random)
  const verb = begin.name.toLowerCase()
  const instruction = sentence(random, [
    random.pick([
      `${verb} the letter of ${mention(random, who)} to ${text}`,
      `${text} should read what ${who} wrote: ${verb} it`,
      `look for the letter of ${who}, then ${verb}, to ${text}`,
    ]),
  ])
  const fieldName = random.pick(['to', 'recipient', 'name'])
  return { instruction, begin, field: element('textbox', fieldName, { value: '' }), fieldName, text }
}

/** A person's values, each behind its label. The wanted person may be on another page. */
export function card(random: Random, fresh: FreshName): Block {
  const who = fresh(personName)
  const heading = element(random.pick(['h2', 'h3', 'div', 'heading']), who)
  const labels = random.sample(
    ['Room', 'Desk', 'Mobile', 'Mail', 'Site', 'Team', 'Office', 'Birthday', 'Shift', 'Street'],
    random.integer(1, 5),
  )
  const valueRole = random.pick(['link', 'link', 'span', 'div'])
  const colon = random.pick([':', ':', ''])
  const rows = labels.map((label) => ({
    label,
    line: element('div', label + colon),
    value: element(
      valueRole,
      fresh((r) => `${r.pick([filler(r).slice(0, 12).trim(), String(r.integer(10, 9999))])} ${word(r)}`),
    ),
  }))
  const next = element(
    'link',
    fresh((r) => r.pick(['>', 'Next', 'Further', '»'])),
  )
  const turned = Array.from({ length: random.integer(0, 3) }, () => ({ kind: 'click' as const, on: next }))
  const ask = (name: string, label: string) =>
    sentence(random, [
      random.pick([
        `look ${name} up and click the ${label.toLowerCase()}`,
        `open the ${label.toLowerCase()} of ${mention(random, name)}`,
        `go to ${name} and choose the ${label.toLowerCase()}`,
      ]),
    ])
  const queries: Query[] = random.sample(rows, 2).map(({ label, value }) => ({
    instruction: ask(who, label),
    done: turned,
    thought: `click ${label.toLowerCase()}`,
    next: { kind: 'click', on: value },
  }))
  const missing = fresh(personName)
  queries.push({
    instruction: ask(missing, random.pick(labels)),
    done: turned,
    thought: `no ${missing} here, click ${next.name}`,
    next: { kind: 'click', on: next },
  })
  const bar = [...(turned.length > 0 ? [element('link', '<')] : []), element('link', String(turned.length + 1)), next]
  return { elements: [heading, ...rows.flatMap(({ line, value }) => [line, value]), ...bar], queries }
}
