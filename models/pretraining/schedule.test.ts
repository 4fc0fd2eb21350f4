import { expect, test } from 'vitest'
import { rateAt } from './schedule.ts'

const schedule = { learning_rate: 2, warmup_steps: 4, max_steps: 100, decay: 0.2 }

test('the rate rises, stays, and falls towards zero over the last steps', () => {
  expect([0, 1, 2, 3].map((step) => rateAt(step, schedule))).toEqual([0.5, 1, 1.5, 2])
  expect(rateAt(79, schedule)).toBe(2)
  const falling = Array.from({ length: 20 }, (_, i) => rateAt(80 + i, schedule))
  expect(falling).toEqual(falling.toSorted((a, b) => b - a))
  expect(falling[0]).toBeLessThan(2)
  expect(falling[19]).toBeGreaterThan(0)
  expect(falling[19]).toBeLessThan(0.1)
})

test('more steps change no rate before the decay', () => {
  for (const step of [0, 3, 50, 79]) expect(rateAt(step, { ...schedule, max_steps: 200 })).toBe(rateAt(step, schedule))
})
