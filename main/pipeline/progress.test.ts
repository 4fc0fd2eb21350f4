import { expect, test } from 'vitest'
import { progressMeter } from './progress.ts'

test('rate and time left count from the first call, without what an earlier run did', () => {
  let now = 0
  const measure = progressMeter(() => now)
  expect(measure(600, 1000, 'episodes')).toEqual({ done: 600, total: 1000, unit: 'episodes', rate: 0, eta: null })
  now = 10_000
  expect(measure(700, 1000, 'episodes')).toMatchObject({ rate: 10, eta: 30 })
  now = 20_000
  expect(measure(1000, 1000, 'episodes')).toMatchObject({ rate: 20, eta: 0 })
})

test('another piece of work is measured from its start', () => {
  let now = 0
  const measure = progressMeter(() => now)
  measure(0, 100, 'steps')
  now = 1000
  expect(measure(50, 100, 'steps').rate).toBe(50)
  expect(measure(0, 100, 'steps').rate).toBe(0)
  now = 2000
  expect(measure(10, 100, 'steps').rate).toBe(10)
  expect(measure(0, 20, 'episodes').eta).toBeNull()
})

test('a pause no longer counts after a while', () => {
  let now = 0
  const measure = progressMeter(() => now)
  let done = 0
  const work = (seconds: number) => {
    let told = measure(done, 10_000, 'attempts')
    for (let second = 0; second < seconds; second++) {
      now += 1000
      done += 10
      told = measure(done, 10_000, 'attempts')
    }
    return told
  }
  expect(work(60).rate).toBe(10)
  now += 60_000
  expect(work(5).rate).toBeLessThan(5)
  expect(work(20).rate).toBe(10)
})
