/** What the axis along a chart counts: optimiser steps, the time that they took, or the tokens that they computed. */
import type { TFunction } from 'i18next'
import { ticks } from '../../../main/evaluation/ticks.ts'
import {
  type Measure,
  reached,
  stepReached,
  type TrainingClock,
  trainingClock,
} from '../../../main/evaluation/training-clock.ts'
import { duration } from '../figures.ts'
import type { Point, Range, Series } from './series.ts'

/** Places along an axis are whole numbers: steps, milliseconds or tokens. */
export const ALONG = ['step', 'time', 'tokens'] as const satisfies readonly ('step' | Measure)[]
export type Along = (typeof ALONG)[number]

/** The address holds a zoom under these names. */
export const RANGE_KEYS = { step: 'steps', time: 'time', tokens: 'tokens' } as const satisfies Record<Along, string>

/** At most this many marks stand on the axis. */
const MARKS = 8
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** The metrics of a training that say how far it had come, in tokens and in time. */
export const CLOCK_METRICS = ['num_tokens', 'tokens_per_second'] as const

/** The clock from the curves of these metrics; null where one is missing. */
export function clockOf([tokens, rate]: readonly (
  | Pick<Series, 'points' | 'bounds'>
  | undefined
)[]): TrainingClock | null {
  if (tokens === undefined || rate === undefined) return null
  // The number of tokens grows, so the least of several steps is that of the first of them.
  const first = tokens.points.map(([, value], at) => tokens.bounds?.[at]?.[0] ?? value)
  const steps = (points: readonly Point[]) => points.map(([step]) => step)
  return trainingClock(
    { steps: steps(tokens.points), values: first },
    { steps: steps(rate.points), values: rate.points.map(([, value]) => value) },
  )
}

/** The place of a step along the axis; null where no clock says it. */
export function placeOf(step: number, along: Along, clock: TrainingClock | null): number | null {
  if (along === 'step') return step
  return clock === null ? null : reached(clock, along, step)
}

/** The steps of trainings with these clocks that lie within a range of the axis. */
export function stepsWithin([from, to]: Range, along: Along, clocks: readonly (TrainingClock | null)[]): Range {
  if (along === 'step') return [from, to]
  const known = clocks.filter((clock) => clock !== null)
  return [
    Math.max(0, Math.min(...known.map((clock) => stepReached(clock, along, from) - 1))),
    Math.max(1, ...known.map((clock) => stepReached(clock, along, to) + 1)),
  ]
}

/** Points by step at their places along the axis; undefined where no clock says these. Bounds stay with their points. */
export function placed<P extends Pick<Series, 'points' | 'bounds' | 'whole'>>(
  line: P,
  along: Along,
  clock: TrainingClock | null,
): P | undefined {
  if (along === 'step') return line
  if (clock === null) return undefined
  const move = (points: readonly Point[]): Point[] =>
    points.map(([step, value]) => [reached(clock, along, step), value])
  return { ...line, points: move(line.points), ...(line.whole === undefined ? {} : { whole: move(line.whole) }) }
}

/** Round marks from the first place to the last. */
export function placeTicks([first, last]: Range, along: Along): number[] {
  const unit = along === 'time' ? unitOf(last) : 1
  return ticks(first / unit, last / unit, MARKS)
    .map((mark) => mark * unit)
    .filter((mark) => (along === 'time' || Number.isInteger(mark)) && mark >= first && mark <= last)
}

/** The text of a mark on an axis that ends at `last`: "20", "1.5 min", "20K". */
export function tickWords(place: number, along: Along, last: number): string {
  if (along === 'step') return String(place)
  if (along === 'tokens') return compact.format(place)
  const unit = unitOf(last)
  return `${Number((place / unit).toPrecision(6))} ${unit === HOUR ? 'h' : unit === MINUTE ? 'min' : 's'}`
}

const compact = new Intl.NumberFormat('en', { notation: 'compact' })

function unitOf(last: number): number {
  return last > 2 * HOUR ? HOUR : last > 2 * MINUTE ? MINUTE : SECOND
}

/** A place in words: "step 12", "8.2 s", "20,480 tokens". */
export function placeWords(t: TFunction, along: Along, place: number): string {
  if (along === 'step') return t('training.step', { step: place })
  return along === 'time' ? duration(place / SECOND) : t('training.tokens', { tokens: place.toLocaleString('en') })
}
