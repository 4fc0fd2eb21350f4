import { expect, test } from 'vitest'
import { valueAxis } from './axis.ts'
import { drawnOf } from './series.ts'

const lines = (...values: number[]) =>
  drawnOf([{ id: 'a', label: 'a', colour: 'red', bounds: null, points: values.map((value, at) => [at + 1, value]) }], 0)
const plain = { log: false, share: false }
const log = { log: true, share: false }

test('marks are 1, 2 or 5 times a power of ten', () => {
  expect(valueAxis(lines(0.3, 1.6), plain)).toEqual({ scale: 'linear', domain: [0, 2], ticks: [0, 0.5, 1, 1.5, 2] })
  expect(valueAxis(lines(0.55, 0.9), { log: false, share: true }).domain[1]).toBeCloseTo(1)
})

test('a logarithmic axis leaves out no value', () => {
  expect(valueAxis(lines(0.01, 3), log)).toMatchObject({ scale: 'log', domain: [0.01, 3] })
  expect(valueAxis(lines(-40, -3), log)).toEqual({
    scale: 'symlog',
    domain: [-40, -3],
    ticks: [-20, -10, -5],
  })
  expect(valueAxis(lines(-300, 20), log).ticks).toEqual([-100, -10, -1, 0, 1, 10])
  expect(valueAxis(lines(0, 0), log).domain).toEqual([-0.1, 0.1])
})

test('a chart without values has an axis', () => {
  expect(valueAxis([], plain).domain).toEqual([0, 1])
})

test('a level line that was smoothed stays level', () => {
  expect(valueAxis(lines(1600, 1600.0000000000002, 1600), plain).domain).toEqual([1500, 2000])
})
