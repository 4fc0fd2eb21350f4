/** Writes lessons: a page of one to three blocks, and the queries that the blocks and the whole page allow. */
import { checklist } from './blocks/checklist.ts'
import { extremes, suggestions } from './blocks/choice.ts'
import { clickables } from './blocks/clickables.ts'
import { copying } from './blocks/copying.ts'
import { dialog, search } from './blocks/dialog.ts'
import { everywhere } from './blocks/everywhere.ts'
import { clock, form, unnamed } from './blocks/form.ts'
import { interruption } from './blocks/interruption.ts'
import { card, letters } from './blocks/letters.ts'
import { createFreshNames, type FreshName } from './blocks/names.ts'
import { places } from './blocks/places.ts'
import { lookup, records, transcript } from './blocks/records.ts'
import { request } from './blocks/request.ts'
import { menu, repeats } from './blocks/rows.ts'
import { pager, sections } from './blocks/sections.ts'
import { signs } from './blocks/signs.ts'
import { type Block, element, type Lesson, writeLesson } from './lesson.ts'
import { createRandom, type Random } from './random.ts'
import { filler } from './words.ts'

type Make = (random: Random, fresh: FreshName) => Block

/** Blocks that share their page with others, and how often they come. */
const SHARING: readonly (readonly [Make, number])[] = [
  [clickables, 2],
  [form, 3],
  [checklist, 2],
  [sections, 3],
  [records, 3],
  [menu, 2],
  [repeats, 2],
  [signs, 2],
  [request, 2],
]

/** Blocks with a page of their own: their queries name elements by kind or place alone, and others would make them ambiguous. */
const ALONE: readonly (readonly [Make, number])[] = [
  [unnamed, 1],
  [clock, 1],
  [pager, 1],
  [lookup, 3],
  [transcript, 1],
  [copying, 2],
  [dialog, 1],
  [search, 2],
  [interruption, 2],
  [places, 2],
  [letters, 3],
  [card, 1],
  [extremes, 1],
  [suggestions, 1],
]

const urn = (blocks: readonly (readonly [Make, number])[]): Make[] =>
  blocks.flatMap(([make, weight]) => Array.from({ length: weight }, () => make))
const [SHARING_URN, ALONE_URN] = [urn(SHARING), urn(ALONE)]
/** Of all pages. Pages that are shared have several blocks, so they have most of the lessons. */
const ALONE_SHARE = 0.55

/** The lessons of a seed. */
export function makeLessons(seed: number, count: number): Lesson[] {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => makeLesson(random))
}

export function makeLesson(random: Random): Lesson {
  const fresh = createFreshNames(random)
  const draw = (makes: readonly Make[]): Block => {
    const make = random.pick(makes)
    const block = make(random, fresh)
    return { ...block, queries: block.queries.map((query) => ({ ...query, kind: make.name })) }
  }
  const blocks = random.chance(ALONE_SHARE)
    ? [draw(ALONE_URN)]
    : Array.from({ length: random.pick([1, 1, 2, 2, 2, 3, 4, 5]) }, () => draw(SHARING_URN))
  const elements = blocks.flatMap((block) => block.elements)
  if (random.chance(0.15)) elements.unshift(element(random.pick(['p', 'div', 'h3', 'span']), filler(random)))
  const queries = [...blocks.flatMap((block) => block.queries), ...everywhere(random, elements)]
  return writeLesson(random, { elements, queries })
}
