import { expect, test } from 'vitest'
import { placed, placeTicks, tickWords } from './along.ts'

test('places are round numbers of the unit that fits', () => {
  expect(placeTicks([1, 100], 'step')).toEqual([20, 40, 60, 80, 100])
  expect(placeTicks([3, 5], 'step')).toEqual([3, 4, 5])
  const marks = placeTicks([0, 300_000], 'time')
  expect(marks.map((mark) => tickWords(mark, 'time', 300_000))).toEqual([
    '0 min',
    '1 min',
    '2 min',
    '3 min',
    '4 min',
    '5 min',
  ])
  expect(placeTicks([0, 800], 'time').map((mark) => tickWords(mark, 'time', 800))).toContain('0.2 s')
  expect(tickWords(20_000, 'tokens', 90_000)).toBe('20K')
})

test('lines move to the places of their own clock', () => {
  const clock = { steps: [1, 2], tokens: [10, 30], time: [500, 900] }
  const line = {
    points: [
      [1, 0.5],
      [2, null],
    ] as const,
    bounds: null,
  }
  expect(placed(line, 'step', null)).toBe(line)
  expect(placed(line, 'tokens', null)).toBeUndefined()
  expect(placed(line, 'tokens', clock)?.points).toEqual([
    [10, 0.5],
    [30, null],
  ])
  expect(placed({ ...line, whole: line.points }, 'time', clock)?.whole).toEqual([
    [500, 0.5],
    [900, null],
  ])
})
