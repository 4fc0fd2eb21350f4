import { expect, test } from 'vitest'
import { selects } from './selection.ts'

test('a name is selected by any part of it, and by nothing asked for', () => {
  expect(selects([], 'decode, batch 1')).toBe(true)
  expect(selects(['SFT', 'Decode'], 'decode, batch 1')).toBe(true)
  expect(selects(['batch 8'], 'decode, batch 1')).toBe(false)
})
