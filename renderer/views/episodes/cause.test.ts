import { expect, test } from 'vitest'
import { message } from '../../../main/messages/message.ts'
import { causeMessage, causeOf } from './cause.ts'

test('an address names a failure by its reason and a fault by its message', () => {
  expect(causeOf({ reason: 'covered' })).toEqual({ reason: 'covered' })
  expect(causeMessage({ reason: 'covered' })).toEqual(message('failure.covered'))
  const fault = message('episodeTooLong', { limit: 5 })
  expect(causeOf({ fault: JSON.stringify(fault) })).toEqual({ fault })
  expect(causeMessage({ fault })).toBe(fault)
})

test('an address with any other text names no cause', () => {
  for (const query of [{}, { reason: 'impossible: x' }, { fault: '{' }, { fault: '"text"' }, { fault: 'null' }]) {
    expect(causeOf(query)).toBeUndefined()
  }
})
