/** A request in one sentence. Its words say which field each value belongs to; the page orders and labels the fields as it likes. */
import { type Block, element, type Query } from '../lesson.ts'
import type { Random } from '../random.ts'
import { capitalise, digits, personName, word } from '../words.ts'
import type { FreshName } from './names.ts'
import { finishName, sentence } from './wording.ts'

type Slot = readonly [labels: readonly string[], value: (random: Random) => string]

const thing = (random: Random): string => word(random).replace(/[,.]+$/, '')
const who = (random: Random): string => personName(random)
const city = (random: Random): string => capitalise(thing(random))
const few = (random: Random): string => String(random.integer(2, 20))
const year = (random: Random): string => String(random.integer(1900, 2040))
const amount = (random: Random): string => digits(random, random.integer(2, 4))

/** "{}" stands for the next slot's value. The first label is the thought's word for the field; all labels contain it. */
const REQUESTS: readonly (readonly [text: string, ...slots: Slot[]])[] = [
  [
    'book a {} room in {} for {} nights',
    [['size', 'room size'], thing],
    [['city', 'city name'], city],
    [['nights', 'number of nights'], few],
  ],
  [
    'lend {} coins to {} until {}',
    [['amount', 'amount of money'], amount],
    [['person', 'person to pay'], who],
    [['year', 'year of return'], year],
  ],
  [
    'hire a {} van from {} for {}',
    [['color', 'color of the van'], thing],
    [['place', 'pick-up place'], city],
    [['driver', 'driver name'], who],
  ],
  [
    'look for {} books written by {} and printed in {}',
    [['subject', 'subject area'], thing],
    [['author', 'author name'], who],
    [['year', 'year of print', 'print year'], year],
  ],
  [
    'reserve a table for {} people in the name of {}',
    [['people', 'number of people'], few],
    [['name', 'guest name'], who],
  ],
  [
    'ship {} boxes of {} to {}',
    [['boxes', 'number of boxes'], few],
    [['goods', 'kind of goods'], thing],
    [['city', 'destination city'], city],
  ],
  [
    'paint the {} with {} paint by {}',
    [['room', 'which room'], thing],
    [['color', 'paint color'], thing],
    [['brand', 'brand of paint'], city],
  ],
  [
    'enrol {} in the {} class of {}',
    [['student', 'student name', 'name of student'], who],
    [['class', 'class title'], thing],
    [['teacher', 'name of the teacher'], who],
  ],
  [
    'report a {} fault in {} seen by {}',
    [['fault', 'kind of fault'], thing],
    [['place', 'place of the fault'], city],
    [['witness', 'witness name'], who],
  ],
  [
    'fly from {} to {} with {}',
    [['departure', 'departure airport'], city],
    [['arrival', 'arrival airport'], city],
    [['airline', 'airline name'], thing],
  ],
  [
    'play {} against {} for {} rounds',
    [['game', 'game title'], thing],
    [['opponent', 'opponent name'], who],
    [['rounds', 'number of rounds'], few],
  ],
  [
    'invite {} to the {} at {}',
    [['guest', 'guest name'], who],
    [['event', 'event title'], thing],
    [['venue', 'venue name'], city],
  ],
  [
    'plant {} in {} soil in {}',
    [['seed', 'seed type'], thing],
    [['soil', 'soil type'], thing],
    [['month', 'month name'], city],
  ],
  [
    'compare {} phones sold by {} below {} dollars',
    [['brand', 'phone brand'], thing],
    [['shop', 'shop name'], city],
    [['price', 'highest price'], amount],
  ],
]

/** The number of queries that begin on the same page, with nothing filled. */
const VARIANTS = 3

export function request(random: Random, fresh: FreshName): Block {
  const [text, ...slots] = random.pick(REQUESTS)
  const cased = random.pick([capitalise, capitalise, (name: string) => name, titled])
  const fields = slots.map(([labels]) =>
    element(
      'textbox',
      fresh((r) => cased(r.pick(labels))),
      { value: '' },
    ),
  )
  const button = element(
    random.pick(['button', 'button', 'div', 'link']),
    fresh((r) => r.pick([finishName(r), 'Go!', 'Search!'])),
  )
  const start = random.chance(0.5)
  const at = start ? 0 : random.integer(1, slots.length)
  const values = slots.map(([, value]) => value(random))
  for (const [i, field] of fields.slice(0, at).entries()) field.value = values[i]!
  if (at > 0) fields[at - 1]!.states.push('focused')
  const done = fields.slice(0, at).map((on, i) => ({ kind: 'fill' as const, on, text: values[i]! }))
  const queries = Array.from({ length: start ? VARIANTS : 1 }, (): Query => {
    const said = start ? slots.map(([, value]) => value(random)) : values
    const parts = text.split('{}')
    const instruction = sentence(random, [parts.map((part, i) => part + (said[i] ?? '')).join('')])
    const [slot, field] = [slots[at], fields[at]]
    if (slot === undefined || field === undefined)
      return { instruction, done, thought: `done, click ${button.name}`, next: { kind: 'click', on: button } }
    return {
      instruction,
      done,
      thought: `fill ${slot[0][0]} with ${said[at]}`,
      next: { kind: 'fill', on: field, text: said[at]! },
    }
  })
  const order = random.chance(0.3) ? fields : random.sample(fields, fields.length)
  const heading = random.chance(0.4) ? [element('div', capitalise(text.split(' ')[0]!))] : []
  return { elements: [...heading, ...order, button], queries }
}

function titled(name: string): string {
  return name.split(' ').map(capitalise).join(' ')
}
