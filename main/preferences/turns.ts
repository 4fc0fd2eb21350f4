/** Splits long work in JavaScript, so that a server in the same process can answer in between. */
import { setImmediate } from 'node:timers/promises'

/** Longest time without a break, in milliseconds; shorter than a frame of a screen. */
const TURN = 12

/** Maps one item after another, in order. Throws the signal's reason when it is aborted. */
export async function mapInTurns<T, U>(items: Iterable<T>, map: (item: T) => U, signal?: AbortSignal): Promise<U[]> {
  const mapped: U[] = []
  let began = performance.now()
  for (const item of items) {
    mapped.push(map(item))
    if (performance.now() - began < TURN) continue
    await setImmediate()
    signal?.throwIfAborted()
    began = performance.now()
  }
  return mapped
}
