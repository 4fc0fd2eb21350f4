/** The charts of a study as SVG: every training seed of an arm as a dot, and its mean with the interval. */
import { type Html, html } from '../html.ts'
import type { Interval } from '../statistics.ts'
import { ticks } from '../ticks.ts'
import type { Words } from '../words.ts'

export interface ChartRow {
  readonly label: string
  /** CSS class that gives the colour. */
  readonly tone: string
  /** A share of 1 for each training seed. */
  readonly dots: readonly { readonly seed: number; readonly value: number }[]
  /** null where only the seeds are drawn. */
  readonly mean: ({ readonly value: number } & Interval) | null
}

const WIDTH = 760
const LEFT = 190
const RIGHT = 16
const ROW = 26
const BOTTOM = 24

/** Rows on one axis of percent. A seed is a dot, the mean a stroke, its interval a bar. Charts with the same `scale` have the same axis. */
export function dotChart(rows: readonly ChartRow[], title: string, { t }: Words, scale = rows): Html {
  const values = scale.flatMap(({ dots, mean }) => [
    ...dots.map(({ value }) => value),
    ...(mean === null ? [] : [mean.low, mean.high]),
  ])
  if (values.length === 0) return html`<p class="none">${t('study.nothing')}</p>`
  const marks = ticks(100 * Math.min(...values), 100 * Math.max(...values), 6)
  const [low, high] = [marks[0]!, marks.at(-1)!]
  const x = (share: number) => LEFT + ((100 * share - low) / Math.max(1e-9, high - low)) * (WIDTH - LEFT - RIGHT)
  const height = rows.length * ROW + BOTTOM
  const row = ({ label, tone, dots, mean }: ChartRow, at: number) => {
    const y = at * ROW + ROW / 2
    return html`<g class="${tone}"><text class="row" x="${LEFT - 10}" y="${y + 4}" text-anchor="end">${label}</text>${
      mean !== null &&
      html`<path class="range" d="M${x(mean.low).toFixed(1)} ${y}H${x(mean.high).toFixed(1)}"/><path class="mean" d="M${x(mean.value).toFixed(1)} ${y - 7}V${y + 7}"/>`
    }${dots.map(
      ({ seed, value }) =>
        html`<circle class="seed" cx="${x(value).toFixed(1)}" cy="${y}" r="4"><title>${t('study.seedValue', { seed, value: `${(100 * value).toFixed(1)}%` })}</title></circle>`,
    )}</g>`
  }
  return html`<div class="chart"><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">${marks.map(
    (mark) =>
      html`<path class="grid" d="M${x(mark / 100).toFixed(1)} 0V${height - BOTTOM}"/><text class="tick" x="${x(mark / 100).toFixed(1)}" y="${height - 6}" text-anchor="middle">${Number(mark.toFixed(1))}%</text>`,
  )}${rows.map(row)}</svg></div>`
}
