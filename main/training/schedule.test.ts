import { expect, test } from 'vitest'
import { learningRate, type Schedule } from './schedule.ts'

const rates = (lr_scheduler_type: Schedule, warmup_steps: number, max_steps: number) =>
  Array.from({ length: max_steps + 1 }, (_, step) =>
    learningRate(step, { learning_rate: 8, lr_scheduler_type, warmup_steps, max_steps }),
  )

test('linear rises over the warm-up and falls to zero at the end', () => {
  expect(rates('linear', 2, 6)).toEqual([4, 8, 8, 6, 4, 2, 0])
})

test('cosine is at half its peak half-way', () => {
  const values = rates('cosine', 0, 4)
  expect(values[0]).toBe(8)
  expect(values[2]).toBeCloseTo(4, 12)
  expect(values[4]).toBeCloseTo(0, 12)
})

test('constant keeps its rate from the first step, constant_with_warmup after the warm-up', () => {
  expect(rates('constant', 2, 3)).toEqual([8, 8, 8, 8])
  expect(rates('constant_with_warmup', 2, 3)).toEqual([4, 8, 8, 8])
})

test('a warm-up longer than the run still ends at the peak', () => {
  expect(rates('linear', 10, 2).slice(0, 2)).toEqual([4, 8])
})

test('no step of the run has a rate of zero', () => {
  for (const kind of ['linear', 'cosine'] as const)
    expect(
      rates(kind, 3, 50)
        .slice(0, 50)
        .every((rate) => rate > 0),
    ).toBe(true)
})
