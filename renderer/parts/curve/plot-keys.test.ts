import { expect, test } from 'vitest'
import { plotMove } from './plot-keys.ts'

const steps = Array.from({ length: 100 }, (_, at) => at + 1)
const seen = { steps, range: [1, 100] as const, step: 50 }

test('arrows move to the next step, page keys move by a tenth, home and end go to the ends', () => {
  const keys = ['ArrowLeft', 'ArrowRight', 'PageDown', 'PageUp', 'Home', 'End']
  const points = keys.map((key) => plotMove(key, seen))
  expect(points).toEqual([49, 51, 40, 60, 1, 100].map((point) => ({ point })))
})

test('without a step under the pointer, arrows begin at the ends', () => {
  expect(plotMove('ArrowRight', { ...seen, step: null })).toEqual({ point: 1 })
  expect(plotMove('ArrowLeft', { ...seen, step: null })).toEqual({ point: 100 })
})

test('keys stay within the visible steps', () => {
  const part = { steps, range: [40, 60] as const, step: 60 }
  expect(plotMove('ArrowRight', part)).toEqual({ point: 60 })
  expect(plotMove('Home', part)).toEqual({ point: 40 })
})

test('plus and minus zoom around the step, 0 shows everything', () => {
  expect(plotMove('+', seen)).toEqual({ zoom: [26, 75] })
  expect(plotMove('=', { ...seen, step: null })).toEqual({ zoom: [26, 75] })
  expect(plotMove('-', { ...seen, range: [40, 60] })).toEqual({ zoom: [30, 70] })
  expect(plotMove('0', seen)).toEqual({ zoom: null })
})

test('a zoom stops before only one step is left', () => {
  expect(plotMove('+', { ...seen, range: [50, 50] })).toBeNull()
})

test('other keys do nothing, and an empty chart has no step to go to', () => {
  expect(plotMove('a', seen)).toBeUndefined()
  expect(plotMove('ArrowLeft', { steps: [], range: [0, 0], step: null })).toBeNull()
})
