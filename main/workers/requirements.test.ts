import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { message } from '../messages/message.ts'
import { machineOf } from './requirements.ts'

test('the lab and each worker of one host have names of their own', () => {
  const engine = { kind: 'native', description: message('verbatim', { text: 'fast' }), holding: null } as const
  const [lab, one, other] = [undefined, 71, 72].map((process) => machineOf({ engine }, process))
  expect(lab).toEqual({ name: hostname(), engine: engine.description, kind: 'native' })
  expect([one?.name, other?.name]).toEqual([`${hostname()}:71`, `${hostname()}:72`])
})
