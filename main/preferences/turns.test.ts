import { expect, test } from 'vitest'
import { mapInTurns } from './turns.ts'

/** Uses the processor for some milliseconds. */
function work(milliseconds: number): void {
  for (const began = performance.now(); performance.now() - began < milliseconds; );
}

test('the results come in order, and other work runs in between', async () => {
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const mapped = await mapInTurns([3, 1, 2], (item) => {
    work(20)
    return item * 2
  })
  clearInterval(timer)
  expect(mapped).toEqual([6, 2, 4])
  expect(turns).toBeGreaterThanOrEqual(2)
  expect(await mapInTurns([], () => 0)).toEqual([])
})
