/** Named elements of one role or of several. A query asks for one of them, or for several in order. */
import { type Block, type Draft, element, type Query } from '../lesson.ts'
import type { Random } from '../random.ts'
import { filler, phrase, word } from '../words.ts'
import type { FreshName } from './names.ts'
import { askClick, mention, sentence } from './wording.ts'

const ROLES = [
  'button',
  'button',
  'link',
  'link',
  'span',
  'div',
  'tab',
  'menuitem',
  'li',
  'icon',
  'td',
  'label',
  'radio',
  'checkbox',
]

export function clickables(random: Random, fresh: FreshName): Block {
  const uniform = random.chance(0.5) ? random.pick(ROLES) : undefined
  const elements = Array.from({ length: random.integer(2, 10) }, () => {
    const role = uniform ?? random.pick(ROLES)
    return element(
      role,
      fresh((r) => (r.chance(0.6) ? word(r) : phrase(r, 1, 3))),
    )
  })
  // Names that differ by a letter's case or by a full stop: the task means one of them.
  const like = random.pick(elements)
  if (random.chance(0.2)) elements.push(element(like.role, twin(random, like.name)))
  const wanted = random.sample(elements, random.integer(2, 4))
  const queries = wanted.map((target) => askOne(random, target))
  if (elements.length > 2 && random.chance(0.5)) queries.push(askSequence(random, elements))
  const padded = random.chance(0.3)
    ? elements.flatMap((one) => (random.chance(0.3) ? [element('p', filler(random)), one] : [one]))
    : elements
  return { elements: padded, queries }
}

function twin(random: Random, name: string): string {
  const [first = ''] = name
  const cased = first === first.toLowerCase() ? first.toUpperCase() : first.toLowerCase()
  return cased === first || random.chance(0.4) ? `${name}.` : cased + name.slice(first.length)
}

function askOne(random: Random, target: Draft): Query {
  const instruction = sentence(random, [askClick(random, target.name, target.role)])
  return { instruction, done: [], thought: `click ${target.name}`, next: { kind: 'click', on: target } }
}

/** Several clicks in order. The past actions determine the next one. */
function askSequence(random: Random, elements: readonly Draft[]): Query {
  const order = random.sample(elements, random.integer(2, 4))
  const at = random.integer(0, order.length - 1)
  const verb = random.pick(['click', 'press', 'tap', 'choose'])
  const names = order.map((one) => mention(random, one.name))
  const instruction = random.chance(0.5)
    ? sentence(
        random,
        order.map((one) => askClick(random, one.name, one.role)),
      )
    : random.chance(0.3)
      ? sentence(random, [
          `${verb} ${order.map((one) => one.name).join(random.pick([' / ', '/', ' > ', ' - ', ' -> ']))}`,
        ])
      : sentence(random, [
          `${verb} ${random.pick(['these in order: ', 'in this order: ', ''])}${names.join(random.pick([', ', ', then ', ' then ']))}`,
        ])
  return {
    instruction,
    done: order.slice(0, at).map((on) => ({ kind: 'click', on })),
    thought: at === 0 ? `click ${order[0]!.name}` : `${order[at - 1]!.name} done, click ${order[at]!.name}`,
    next: { kind: 'click', on: order[at]! },
  }
}
