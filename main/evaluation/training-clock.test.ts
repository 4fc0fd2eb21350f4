import { expect, test } from 'vitest'
import { reached, stepReached, trainingClock } from './training-clock.ts'

const recorded = (steps: number[], values: (number | null)[]) => ({ steps, values })

test('a clock adds up the time of the steps', () => {
  const steps = [1, 2, 3]
  const clock = trainingClock(recorded(steps, [100, 300, 600]), recorded(steps, [100, 400, 150]))!
  expect(clock).toEqual({ steps, tokens: [100, 300, 600], time: [1000, 1500, 3500] })
  expect(steps.map((step) => reached(clock, 'time', step))).toEqual([1000, 1500, 3500])
  expect([reached(clock, 'tokens', 2), stepReached(clock, 'tokens', 590), stepReached(clock, 'time', 1200)]).toEqual([
    300, 3, 1,
  ])
})

test('in few points it takes the rate from the point before', () => {
  const steps = [1, 11, 21]
  const clock = trainingClock(recorded(steps, [10, 110, 210]), recorded(steps, [10, 20, 5]))!
  expect(clock.time).toEqual([1000, 11_000, 16_000])
  expect(reached(clock, 'tokens', 16)).toBe(160)
  expect(reached(clock, 'tokens', 26)).toBe(260)
})

test('where nothing was recorded there is no clock, and holes are passed over', () => {
  expect(trainingClock(recorded([], []), recorded([1], [10]))).toBeNull()
  expect(trainingClock(recorded([1], [10]), recorded([], []))).toBeNull()
  const clock = trainingClock(recorded([1, 2, 3], [10, null, 30]), recorded([1, 2, 3], [10, 10, 10]))
  expect(clock).toMatchObject({ steps: [1, 3], time: [1000, 3000] })
})
