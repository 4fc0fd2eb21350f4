import { expect, test } from 'vitest'
import { sentAdapters } from './sent-adapters.ts'

test('reads the paths that another view wrote', () => {
  expect(sentAdapters(JSON.stringify(['runs/1/dpo', 'runs/2/dpo']))).toEqual(['runs/1/dpo', 'runs/2/dpo'])
})

test('an address without a list gives no adapters', () => {
  for (const text of [undefined, '', 'runs/1/dpo', '{}', '[1, 2]']) expect(sentAdapters(text)).toEqual([])
})
