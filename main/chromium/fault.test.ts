import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { EnvironmentFault, within } from './fault.ts'

const stuck = new Promise<never>(() => {})

test('what does not settle in its time is a fault that names it', async () => {
  await expect(within(20, 'openPage', stuck)).rejects.toThrow('opening a page took longer than 20 ms')
  await expect(within(20, 'openPage', stuck)).rejects.toThrow(EnvironmentFault)
  expect(await within(20, 'openPage', Promise.resolve('open'))).toBe('open')
})

test('time in which the process stands still is not counted', async () => {
  // The file is read by another thread, but heard of only after the timers.
  const answer = within(300, 'answer', readFile(import.meta.filename, 'utf8'))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700)
  expect(await answer).toContain('stands still')
})
