import { expect, test } from 'vitest'
import { portOf, whole } from './command.ts'

test.each(['x', '-1', '70000', '80.5', ''])('--port %s is refused with a message', (port) => {
  expect(() => portOf(port)).toThrow(/^command line: --port must be a number from 0 to 65535/)
})

test('numbers are read as they are written', () => {
  expect([portOf('0'), portOf('65535'), whole('--seed')('-3')]).toEqual([0, 65535, -3])
  expect(() => whole('--seed')('3.5')).toThrow('--seed must be a whole number, but is "3.5".')
})
