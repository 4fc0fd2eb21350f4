/** Which runs are listed, and in which order. The address holds both. */
import type { RunBrief } from '../../lab.ts'
import type { Place } from '../../location.ts'

type Query = Place['query']
/** What a filter reads of a run. */
export type Filtered = Pick<
  RunBrief,
  'id' | 'name' | 'title' | 'note' | 'tags' | 'command' | 'status' | 'model' | 'seed'
>

/** The filters with a choice each, and the values that a run has in them. */
export const FILTERS = {
  command: ({ command }: Filtered) => [command],
  status: ({ status }: Filtered) => [status],
  tag: ({ tags }: Filtered) => tags,
} as const satisfies Readonly<Record<string, (run: Filtered) => readonly string[]>>
export type FilterName = keyof typeof FILTERS
export const FILTER_NAMES = Object.keys(FILTERS) as FilterName[]

/** The values that a filter can choose, each once, in order. */
export function choicesOf(name: FilterName, runs: readonly Filtered[]): string[] {
  return [...new Set(runs.flatMap((run) => FILTERS[name](run)))].sort()
}

/** The filter that the address names; a value that no run has is none. */
export function chosenIn(query: Query, name: FilterName, runs: readonly Filtered[]): string | undefined {
  const wanted = query[name]
  return wanted !== undefined && runs.some((run) => FILTERS[name](run).includes(wanted)) ? wanted : undefined
}

/** The runs that pass the filters. Each word of the search must be in the number, the texts, the model or the seed. */
export function filtered<R extends Filtered>(runs: readonly R[], query: Query): R[] {
  const words = (query.search ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  const wanted = FILTER_NAMES.flatMap((name) => {
    const value = chosenIn(query, name, runs)
    return value === undefined ? [] : [[name, value] as const]
  })
  return runs.filter((run) => {
    if (!wanted.every(([name, value]) => FILTERS[name](run).includes(value))) return false
    if (words.length === 0) return true
    const { id, name, title, note, tags, model, seed } = run
    const text = [id, name, title, note, ...tags, model, `seed ${seed}`].join('\n').toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** The marked runs in the address that are in the list, in the order in which they were marked. */
export function marksIn(query: Query, runs: readonly Pick<RunBrief, 'id'>[]): number[] {
  const known = new Set(runs.map(({ id }) => id))
  return [...new Set((query.marked ?? '').split('.').map(Number))].filter((id) => known.has(id))
}

/** The marks after the row at a place is marked or not; with a range, so are all rows from the last place on. */
export function marksAfterRange(
  marked: readonly number[],
  rows: readonly number[],
  { from, to, on }: { readonly from: number; readonly to: number; readonly on: boolean },
): number[] {
  const touched = rows.slice(Math.min(from, to), Math.max(from, to) + 1)
  const others = marked.filter((id) => !touched.includes(id))
  return on ? [...others, ...touched] : others
}
