/** Timing that is fair on a machine whose speed drifts: contestants take turns, and the median speaks. */
import { setTimeout } from 'node:timers/promises'

export interface Contestant {
  readonly name: string
  /** Does the work once and resolves to the seconds it took. */
  readonly run: () => Promise<number>
}

/** Seconds after which a contestant sits the other rounds out: a slow one would take the whole bench. */
const PATIENCE = 6

/** Milliseconds between two runs, in which the threads of the one before fall asleep. */
const REST = 20

/**
 * Median seconds of each contestant by name: a warm-up each, then `rounds` rounds of A B C, A B C ... A contestant that
 * has used `patience` timed seconds has run often enough. No warm-up counts, however long it took: a training step's first
 * run is the first to touch gigabytes, which the system hands over page by page.
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

/** Seconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

/** The middle value, or the mean of the two in the middle. Throws RangeError where there is none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('No values have no median.')
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
