/** Writes lessons: a page of one to three blocks, and the queries that the blocks and the whole page allow. */
import { checklist } from './blocks/checklist.ts'
import { clickables } from './blocks/clickables.ts'
import { dialog, search } from './blocks/dialog.ts'
import { everywhere } from './blocks/everywhere.ts'
import { form } from './blocks/form.ts'
import { createFreshNames, type FreshName } from './blocks/names.ts'
import { lookup, records, transcript } from './blocks/records.ts'
import { pager, sections } from './blocks/sections.ts'
import { type Block, element, type Lesson, writeLesson } from './lesson.ts'
import type { Random } from './random.ts'
import { filler } from './words.ts'

const BLOCKS: readonly ((random: Random, fresh: FreshName) => Block)[] = [
  clickables,
  clickables,
  form,
  form,
  form,
  form,
  checklist,
  checklist,
  sections,
  sections,
  pager,
  records,
  records,
  records,
  lookup,
  lookup,
  lookup,
  transcript,
  dialog,
  search,
  search,
]

export function makeLesson(random: Random): Lesson {
  const fresh = createFreshNames(random)
  const blocks = Array.from({ length: random.pick([1, 1, 1, 1, 2, 2, 2, 3, 4, 6]) }, () => {
    const make = random.pick(BLOCKS)
    const block = make(random, fresh)
    return { ...block, queries: block.queries.map((query) => ({ ...query, kind: make.name })) }
  })
  const elements = blocks.flatMap((block) => block.elements)
  if (random.chance(0.15)) elements.unshift(element(random.pick(['p', 'div', 'h3', 'span']), filler(random)))
  const queries = [...blocks.flatMap((block) => block.queries), ...everywhere(random, elements)]
  return writeLesson(random, { elements, queries })
}
