/** Fair timing on a machine whose speed drifts: contestants take turns, and the median counts. */
import { setTimeout } from 'node:timers/promises'

export interface Contestant {
  readonly name: string
  /** Does the work once and resolves to the seconds that it took. */
  readonly run: () => Promise<number>
}

/** After this many seconds a contestant sits out the other rounds; a slow one would take the whole bench. */
const PATIENCE = 6

/** Milliseconds between two runs, in which the threads of the previous run fall asleep. */
const REST = 20

/**
 * Median seconds of each contestant, by name: a warm-up each, then `rounds` rounds by turns (A B C, A B C). A contestant
 * that has used `patience` timed seconds has run often enough. Warm-ups never count: the first run of a training step is
 * the first to touch gigabytes, which the system provides page by page.
 */
export async function interleave(
  contestants: readonly Contestant[],
  rounds: number,
  patience = PATIENCE,
): Promise<Map<string, number>> {
  const seconds = new Map<string, number[]>(contestants.map(({ name }) => [name, []]))
  for (const { run } of contestants) await run()
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of contestants) {
      const taken = seconds.get(name)!
      if (taken.reduce((sum, value) => sum + value, 0) >= patience) continue
      await setTimeout(REST)
      taken.push(await run())
    }
  }
  return new Map([...seconds].map(([name, taken]) => [name, median(taken)]))
}

/** The seconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

/** The middle value, or the mean of the two in the middle. Throws RangeError if there are no values. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('No values have no median.')
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
