import { expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import { Workshop } from './workshop.ts'

test('closing waits for the work that still uses the lab', async () => {
  const workshop = new Workshop(() => configSchema.parse({}), {})
  const { promise, resolve } = Promise.withResolvers<void>()
  const said: string[] = []
  const working = workshop.use(async () => {
    await promise
    said.push('worked')
  })
  const closing = workshop.close().then(() => said.push('closed'))
  await new Promise((later) => setTimeout(later, 50))
  expect(said).toEqual([])
  resolve()
  await Promise.all([working, closing])
  expect(said).toEqual(['worked', 'closed'])
})

test('nothing opens once it is closed', async () => {
  const workshop = new Workshop(() => configSchema.parse({}), {})
  await workshop.close()
  let begun = false
  const late = workshop.use(async () => {
    begun = true
  })
  await expect(late).rejects.toThrow('The lab is ending. Start it again to go on.')
  expect(begun).toBe(false)
})
