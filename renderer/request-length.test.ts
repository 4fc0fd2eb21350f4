import { expect, test } from 'vitest'
import { isTooLong } from './request-length.ts'

test.each([
  [undefined, false],
  ['x'.repeat(98), false],
  ['x'.repeat(99), true],
  ['é'.repeat(49), false],
  ['é'.repeat(50), true],
  ['页'.repeat(33), true],
  ['\n'.repeat(49), false],
  ['\n'.repeat(50), true],
])('an input counts as it is sent', (input, tooLong) => {
  expect(isTooLong(input, 100)).toBe(tooLong)
})
