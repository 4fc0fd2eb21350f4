import { expect, test } from 'vitest'
import { Recent, Whole } from './history.ts'

test('only the last samples are recent', () => {
  const recent = new Recent(['a'], 3)
  for (let at = 0; at < 5; at++) recent.add(at, { a: 10 * at })
  expect(recent.columns()).toEqual({ at: [2, 3, 4], values: { a: [20, 30, 40] } })
})

test('a whole history of any length has few points, and each sample counts in one of them', () => {
  const whole = new Whole(['a'], 8)
  for (let at = 0; at < 1000; at++) whole.add(at, { a: at })
  const { at, values } = whole.columns()
  expect(at.length).toBeGreaterThan(4)
  expect(at.length).toBeLessThanOrEqual(8)
  // Of a straight line each mean lies on the line.
  expect(values.a.map((value) => Math.round(value!))).toEqual(at)
  expect(values.a[0]).toBe((0 + 127) / 2)
  whole.clear()
  expect(whole.columns()).toEqual({ at: [], values: { a: [] } })
})

test('what was not known does not count in a mean', () => {
  const whole = new Whole(['a', 'b'], 2)
  for (const a of [null, 4, null, null]) whole.add(0, { a, b: null })
  expect(whole.columns().values).toEqual({ a: [4, null], b: [null, null] })
})
