import { expect, test } from 'vitest'
import { z } from 'zod'
import { UserError } from '../messages/error.ts'
import { parseJson, readValue } from './values.ts'

test('a value of another form is told with its column, however deep it is', () => {
  expect(readValue(z.object({ a: z.int() }), 'runs.config', { a: 1 })).toEqual({ a: 1 })
  const deep: unknown = parseJson('runs.config', `${'['.repeat(20_000)}${']'.repeat(20_000)}`)
  for (const wrong of [deep, { a: [deep] }, { a: 'x' }, null, undefined, 1n]) {
    const read = () => readValue(z.object({ a: z.int() }), 'runs.config', wrong)
    expect(read).toThrow(UserError)
    expect(read).toThrow(/runs\.config/)
  }
})
