/** Line charts as SVG, sized by their viewBox and coloured by the page's style sheet. */
import { type Html, html } from './html.ts'
import { ticks } from './ticks.ts'

export interface ChartLine {
  readonly label: string
  /** CSS class that gives the colour: for example `c-dpo`. */
  readonly tone: string
  /** (step, value) by rising step. */
  readonly points: readonly (readonly [step: number, value: number])[]
  /** (step, low, high) by rising step: drawn as a band behind the line. */
  readonly band?: readonly (readonly [step: number, low: number, high: number])[]
  /** Dashes tell lines apart without colour. */
  readonly dashed?: boolean
}

export interface ChartOptions {
  /** The window of the running mean. Above 1, the raw line stays faint behind the mean. */
  readonly smooth?: number
  /** A value that the scale must include: 0, log 2 and the like. */
  readonly include?: readonly number[]
  /** Steps at which a round begins. */
  readonly marks?: readonly number[]
  /** What stands there without points. */
  readonly none?: string
}

const WIDTH = 460
const HEIGHT = 210
const LEFT = 46
const RIGHT = 12
const TOP = 10
const BOTTOM = 26

/** Lines over optimiser steps, with a legend if there are several. Without points, a text that says so. */
export function lineChart(lines: readonly ChartLine[], options: ChartOptions = {}): Html {
  const drawn = lines
    .map((line) => ({ ...line, points: line.points.filter(([, value]) => Number.isFinite(value)) }))
    .filter(({ points }) => points.length > 0)
  if (drawn.length === 0) return html`<p class="none">${options.none ?? 'nothing was recorded'}</p>`
  const steps = drawn.flatMap(({ points }) => points.map(([step]) => step))
  const values = [
    ...drawn.flatMap(({ points, band = [] }) => [
      ...points.map(([, value]) => value),
      ...band.flatMap(([, ...ends]) => ends),
    ]),
    ...(options.include ?? []),
  ]
  const [first, last] = ends(steps)
  const yTicks = ticks(...ends(values), 4)
  const [low, high] = [yTicks[0]!, yTicks.at(-1)!]
  const x = (step: number) => LEFT + ((step - first) / Math.max(1, last - first)) * (WIDTH - LEFT - RIGHT)
  const y = (value: number) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM)
  const path = (points: ChartLine['points']) =>
    points.map(([step, value], i) => `${i === 0 ? 'M' : 'L'}${x(step).toFixed(1)} ${y(value).toFixed(1)}`).join('')
  const area = (band: NonNullable<ChartLine['band']>) => {
    const edge = (side: 1 | 2) => band.map((at) => `${x(at[0]).toFixed(1)} ${y(at[side]).toFixed(1)}`)
    return `M${edge(1).join('L')}L${edge(2).reverse().join('L')}Z`
  }
  const smooth = options.smooth ?? 1

  return html`<div class="chart">${
    drawn.length > 1 &&
    html`<p class="legend">${drawn.map(
      ({ label, tone, dashed }) =>
        html`<span class="${tone}"><i class="${dashed ? 'key dashed' : 'key'}"></i>${label}</span>`,
    )}</p>`
  }<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${drawn.map(({ label }) => label).join(', ')}">${yTicks.map(
    (tick) =>
      html`<path class="${tick === 0 ? 'grid zero' : 'grid'}" d="M${LEFT} ${y(tick).toFixed(1)}H${WIDTH - RIGHT}"/><text class="tick" x="${LEFT - 6}" y="${(y(tick) + 3.5).toFixed(1)}" text-anchor="end">${tickText(tick, high - low)}</text>`,
  )}${ticks(first, last, 5)
    .filter((tick) => tick >= first && tick <= last && Number.isInteger(tick))
    .map(
      (tick) =>
        html`<text class="tick" x="${x(tick).toFixed(1)}" y="${HEIGHT - 8}" text-anchor="middle">${tick}</text>`,
    )}${(options.marks ?? [])
    .filter((mark) => mark > first && mark < last)
    .map((mark) => html`<path class="mark" d="M${x(mark).toFixed(1)} ${TOP}V${HEIGHT - BOTTOM}"/>`)}${drawn.map(
    ({ label, tone, points, dashed, band }) =>
      html`<g class="${tone}">${band !== undefined && html`<path class="band" d="${area(band)}"/>`}${smooth > 1 && band === undefined && html`<path class="line raw" d="${path(points)}"/>`}${
        points.length === 1
          ? html`<circle class="dot" cx="${x(points[0]![0]).toFixed(1)}" cy="${y(points[0]![1]).toFixed(1)}" r="3"/>`
          : html`<path class="${dashed ? 'line dashed' : 'line'}" d="${path(movingMean(points, smooth))}"><title>${label}</title></path>`
      }</g>`,
  )}</svg></div>`
}

/** The least and the greatest of any number of values. (Math.min takes its values as arguments, which are limited.) */
function ends(values: readonly number[]): [least: number, greatest: number] {
  const [one = 0] = values
  return values.reduce(([least, greatest], value) => [Math.min(least, value), Math.max(greatest, value)], [one, one])
}

/** The mean over `window` points around each point; fewer at the ends. */
export function movingMean(points: ChartLine['points'], window: number): ChartLine['points'] {
  const reach = Math.floor(window / 2)
  return points.map(([step], i) => {
    const near = points.slice(Math.max(0, i - reach), i + reach + 1)
    return [step, near.reduce((sum, [, value]) => sum + value, 0) / near.length]
  })
}

function tickText(value: number, span: number): string {
  const decimals = Math.max(0, Math.min(6, 1 - Math.floor(Math.log10(span))))
  return Number(value.toFixed(decimals)).toString().replace('-', '−')
}
