import { expect, test } from 'vitest'
import { leftsOf } from './column.ts'

test('sticky columns stand side by side, the others scroll', () => {
  const columns = [
    { width: '44px', sticky: true },
    { width: '100px', sticky: true },
    { width: 'minmax(92px, 1fr)' },
    { width: '58px' },
  ]
  expect(leftsOf(columns)).toEqual([0, 56, undefined, undefined])
})
