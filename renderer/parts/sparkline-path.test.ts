import { expect, test } from 'vitest'
import { areaPath, linePath, nearestPoint } from './sparkline-path.ts'

const frame = { from: 1000, to: 2000, top: 10, gap: 300 }

test('a line goes through its points, from the lower left to the upper right', () => {
  expect(linePath([1000, 1250, 1500], [0, 5, 10], frame)).toBe('M0 100L25 50L50 0')
  expect(areaPath([1000, 1250], [0, 5], frame)).toBe('M0 100L0 100L25 50L25 100Z')
})

test('a line breaks where a value is unknown or time is missing, and leaves out what is before its edge', () => {
  expect(linePath([900, 1000, 1100, 1200, 1300], [9, 0, null, 5, 5], frame)).toBe('M0 100L0.5 100M20 50L30 50')
  expect(linePath([1000, 1100, 1900, 2000], [0, 0, 10, 10], frame)).toBe('M0 100L10 100M90 0L100 0')
  expect(linePath([], [], frame)).toBe('')
})

test('a pointer is nearest to one point', () => {
  expect(nearestPoint([1000, 1500, 2000], frame, 0.7)).toBe(1)
  expect(nearestPoint([1000, 1500, 2000], frame, 0.9)).toBe(2)
  expect(nearestPoint([], frame, 0.5)).toBeUndefined()
})
