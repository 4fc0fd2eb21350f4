import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import type { ArmKey } from './keys.ts'
import { Store } from './store.ts'

let store: Store
let key: ArmKey

beforeEach(() => {
  store = new Store(join(mkdtempSync(join(tmpdir(), 'metrics-')), 'lab.sqlite'))
  key = { run: store.runs.create('trial', 'collect', configSchema.parse({})), stage: 'collect', round: 1, arm: 'sft' }
})
afterEach(() => store.close())

test('a repeated step replaces its metrics; a value that is not a number is null', () => {
  store.metrics.add(key, 1, { loss: 2, 'rewards/margins': Number.NaN })
  store.metrics.add(key, 1, { loss: 1.5 })
  expect(store.metrics.of(key.run)).toEqual([
    { ...key, step: 1, name: 'loss', value: 1.5 },
    { ...key, step: 1, name: 'rewards/margins', value: null },
  ])
})

test('a long curve keeps its mean, ends and outliers in few points, and shows details in a smaller range', () => {
  const arm = { ...key, stage: 'dpo', arm: 'dpo' }
  for (let step = 1; step <= 10_000; step++) store.metrics.add(arm, step, { loss: step === 5000 ? 99 : step % 2 })
  store.metrics.add(arm, 10_001, { loss: Number.NaN })
  const curve = store.metrics.curve(arm, 'loss', { from: 0, to: 1e9, points: 100 })
  expect(curve.steps.length).toBeLessThanOrEqual(101)
  expect(curve.steps[0]).toBe(1)
  expect(Math.max(...curve.high.map(Number))).toBe(99)
  expect(curve.mean[0]).toBeCloseTo(0.5, 1)
  expect(store.metrics.curve(arm, 'loss', { from: 4998, to: 5001, points: 100 })).toMatchObject({
    steps: [4998, 4999, 5000, 5001],
    mean: [0, 1, 99, 1],
  })
  expect(store.metrics.curve(arm, 'loss', { from: 10_001, to: 1e9, points: 9 }).mean).toEqual([null])
  expect(store.metrics.curve(arm, 'none', { from: 0, to: 1e9, points: 9 }).steps).toEqual([])
  expect(store.metrics.arms(key.run)).toEqual([{ ...arm, names: ['loss'], lastStep: 10_001 }])
  expect(store.metrics.after(arm, 9999)).toEqual([
    { step: 10_000, metrics: { loss: 0 } },
    { step: 10_001, metrics: { loss: null } },
  ])
})

test('a curve in few points covers all its steps, also those that were repeated after a resume', () => {
  const arm = { ...key, stage: 'dpo', arm: 'dpo' }
  const values = Array.from({ length: 1000 }, (_, step) => (step % 7 === 0 ? Number.NaN : Math.sin(step) * step))
  for (const [step, value] of values.entries()) store.metrics.add(arm, step, { loss: -value, lr: 1 })
  for (const [step, value] of values.entries()) store.metrics.add(arm, step, { loss: value })
  const { steps, mean, low, high } = store.metrics.curve(arm, 'loss', { from: 100, to: 899, points: 10 })
  expect(steps).toEqual([96, 192, 288, 384, 480, 576, 672, 768, 864])
  for (const [at, from] of steps.entries()) {
    const own = values.slice(from, steps[at + 1] ?? 896 + 32).filter((value) => !Number.isNaN(value))
    expect(mean[at]).toBeCloseTo(own.reduce((sum, value) => sum + value, 0) / own.length)
    expect([low[at], high[at]]).toEqual([Math.min(...own), Math.max(...own)])
  }
  store.runs.purge(key.run)
  expect(store.metrics.arms(key.run)).toEqual([])
})
