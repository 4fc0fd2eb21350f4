import { expect, it } from 'vitest'
import { numberIn } from './number-in.ts'

it('takes nothing but a whole number for one', () => {
  expect(['3', '0', '-1', '1.5', 'x', '', '1e3', ' 3', '9'.repeat(16), undefined].map(numberIn)).toEqual([
    3,
    ...Array(9).fill(undefined),
  ])
})
