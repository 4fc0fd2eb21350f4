/** The marks of an axis. */

/** Round numbers from at or below `low` to at or above `high`, about `count` steps of 1, 2 or 5 times a power of ten. */
export function ticks(low: number, high: number, count: number): number[] {
  const span = high - low || Math.abs(high) || 1
  const power = 10 ** Math.floor(Math.log10(span / count))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => span / size <= count)!
  const from = Math.floor(low / step + 1e-9)
  const to = Math.max(from + 1, Math.ceil(high / step - 1e-9))
  return Array.from({ length: to - from + 1 }, (_, i) => (from + i) * step)
}
