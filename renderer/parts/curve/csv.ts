/** A chart as a table for spreadsheets. */
import { csvLine } from '../../../main/evaluation/csv.ts'
import type { Along } from './along.ts'
import { type Drawn, type Range, rowsOf } from './series.ts'

export interface TableWords {
  /** The head of the first column, with its unit. */
  readonly place: string
  readonly smoothed: string
  readonly lowest: string
  readonly highest: string
}

/** Spreadsheets take a file with this mark for UTF-8. */
const BYTE_ORDER_MARK = '\uFEFF'

/**
 * The shown part of a chart: a row a place, in order, and the columns of each line. These are its value; where the line is
 * smoothed, the smoothed value; where a point stands for several steps, or for several seeds, the lowest and highest of these.
 */
export function tableOf(
  series: readonly Drawn[],
  { range, along, unit, words }: { range: Range | null; along: Along; unit: string | undefined; words: TableWords },
): string {
  const columns = series.flatMap(({ id, label, bounds, line, points }) => {
    const head = (what = '') => `${label}${what}${unit === undefined ? '' : ` (${unit})`}`
    const smoothed = line !== points
    return [
      ...(smoothed && bounds === null ? [{ head: head(), of: { id: `${id} raw` } }] : []),
      { head: head(smoothed ? `, ${words.smoothed}` : ''), of: { id } },
      ...(bounds === null
        ? []
        : [
            { head: head(`, ${words.lowest}`), of: { id: `${id} band`, end: 0 as const } },
            { head: head(`, ${words.highest}`), of: { id: `${id} band`, end: 1 as const } },
          ]),
    ]
  })
  const [from, to] = range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  const rows = rowsOf(series)
    .map((row) => ({ place: Number(row.step), row }))
    .filter(({ place }) => place >= from && place <= to)
    .map(({ place, row }) => [
      along === 'time' ? place / 1000 : place,
      ...columns.map(({ of }) => {
        const value = row[of.id] ?? null
        return rounded(typeof value === 'object' ? (value?.[of.end ?? 0] ?? null) : value)
      }),
    ])
  return BYTE_ORDER_MARK + [[words.place, ...columns.map(({ head }) => head)], ...rows].map(csvLine).join('')
}

/** To nine digits: what stands beyond is the rounding of sums. */
function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(9))
}
