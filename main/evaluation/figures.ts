/** Formats figures of comparisons for people. */
import { type Message, message } from '../messages/message.ts'
import type { Paired } from './statistics.ts'

/** A difference of shares in points: "+12.3", with a real minus sign. */
export function points(difference: number): string {
  const rounded = (100 * difference).toFixed(1)
  if (rounded === '0.0' || rounded === '-0.0') return '0.0'
  return difference < 0 ? rounded.replace('-', '−') : `+${rounded}`
}

/** "p < 0.001" or "p = 0.034". */
export function pValue(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`
}

/** The difference with its interval and p value. */
export function pairedFigures({ difference, low, high, p }: Paired): Message {
  const figures = { difference: points(difference), low: points(low), high: points(high), p: pValue(p) }
  return message('pairedFigures', figures)
}
