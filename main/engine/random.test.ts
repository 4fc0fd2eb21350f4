import { expect, test } from 'vitest'
import { splitMix64, uniformAt, uniformStream } from './random.ts'

test('SplitMix64 gives the published sequence', () => {
  // The generator's state grows by the golden gamma; these are its first outputs for the seed 1234567.
  const gamma = 0x9e3779b97f4a7c15n
  const outputs = [0n, 1n, 2n].map((n) => splitMix64(1234567n + n * gamma))
  expect(outputs).toEqual([6457827717110365317n, 3203168211198807973n, 9817491932198370423n])
})

test('uniform numbers are uniform, and the same for a seed', () => {
  const stream = uniformStream(5)
  const drawn = [
    Array.from({ length: 5000 }, () => stream()),
    Array.from({ length: 5000 }, (_, index) => uniformAt(4_000_000_000, index)),
    Array.from({ length: 5000 }, (_, seed) => uniformAt(seed, 0)),
  ]
  for (const numbers of drawn) {
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...numbers)).toBeLessThan(1)
    const mean = numbers.reduce((sum, u) => sum + u, 0) / 5000
    // The mean of 5,000 has a deviation of 0.0041.
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.0165)
  }
  expect(uniformStream(5)()).toBe(drawn[0]![0])
})
