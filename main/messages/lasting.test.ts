import { expect, test } from 'vitest'
import { isLasting } from './lasting.ts'

test('a failure lasts where the settings of the run cause it', () => {
  expect(isLasting([{ id: 'taskUnknown' }])).toBe(true)
  expect(isLasting([{ id: 'gradientNotFinite' }])).toBe(true)
  expect(isLasting([{ id: 'hubUnreachable' }])).toBe(false)
  expect(isLasting([])).toBe(false)
})
