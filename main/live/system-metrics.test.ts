import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { SystemMetrics } from './system-metrics.ts'

let system: SystemMetrics
afterEach(() => system.close())

/** Resolves once there is one more sample. */
const sampled = () =>
  new Promise<void>((done) => {
    const leave = system.changes.subscribe(() => {
      leave()
      done()
    })
  })

test('samples are taken while a run is at work or somebody looks, and at no other time', async () => {
  system = new SystemMetrics({ card: () => null, pace: 10 })
  await setTimeout(50)
  expect(system.history('recent').at).toEqual([])
  const leave = system.view()
  await sampled()
  leave()
  const seen = system.history('recent').at.length
  await setTimeout(50)
  expect(system.history('recent').at).toHaveLength(seen)
  expect(system.history('run').at).toEqual([])
  system.work(3)
  await sampled()
  system.work(null)
  const { run, at, values, memory } = system.history('run')
  expect(run).toBe(3)
  expect(values.memory[0]).toBeLessThanOrEqual(memory)
  expect(values.labMemory[0]).toBeGreaterThan(1e6)
  for (const share of [values.processor[0]!, values.labProcessor[0]!]) {
    expect(share).toBeGreaterThanOrEqual(0)
    expect(share).toBeLessThanOrEqual(1)
  }
  await setTimeout(50)
  expect(system.history('run').at).toEqual(at)
})

test('tokens a second are those of the latest training step, and of what models generate', async () => {
  system = new SystemMetrics({ card: () => null, pace: 10 })
  system.work(1)
  const place = { stage: 'dpo', round: 1 }
  system.hear({ event: 'metrics', ...place, arm: 'dpo', step: 1, metrics: { tokens_per_second: 500 } })
  await sampled()
  expect(system.history('run').values.tokens.at(-1)).toBe(500)
  system.generated(1000)
  await sampled()
  expect(system.history('run').values.tokens.at(-1)).toBeGreaterThan(500)
  const stage = { event: 'stage', title: 'Evaluate', status: 'running', seconds: 0, result: null } as const
  system.hear({ ...stage, ...place })
  await sampled()
  await sampled()
  expect(system.history('run').values.tokens.at(-1)).toBe(0)
})

test('another run has a history of its own', async () => {
  system = new SystemMetrics({ card: () => null, pace: 10 })
  system.work(1)
  await sampled()
  await sampled()
  system.work(2)
  expect(system.history('run')).toMatchObject({ run: 2, at: [] })
  expect(system.history('recent').at.length).toBeGreaterThanOrEqual(2)
})

test('a clock that is set back does not turn the curve', async () => {
  system = new SystemMetrics({ card: () => null, pace: 10 })
  const leave = system.view()
  await sampled()
  const hourAgo = vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 3_600_000)
  await sampled()
  hourAgo.mockRestore()
  leave()
  const [first = 0, second = 0] = system.history('recent').at.slice(-2)
  expect(second).toBeGreaterThan(first)
  expect(second - first).toBeLessThan(60_000)
})
