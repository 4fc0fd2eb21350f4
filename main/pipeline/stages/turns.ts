/** Splits long work in JavaScript, so that a server in the same process can answer in between. */
import { setImmediate } from 'node:timers/promises'

/** Longest time without a break, in milliseconds; shorter than a frame of a screen. */
const TURN = 12

/** Maps one item after another, in order. */
export async function mapInTurns<T, U>(items: readonly T[], map: (item: T) => U): Promise<U[]> {
  const mapped: U[] = []
  let began = performance.now()
  for (const item of items) {
    mapped.push(map(item))
    if (performance.now() - began < TURN) continue
    await setImmediate()
    began = performance.now()
  }
  return mapped
}
