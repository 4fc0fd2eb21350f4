import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { message } from '../messages/message.ts'
import { EnvironmentFault, TRIES, untilUnbroken, within } from './fault.ts'

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

test('what breaks is called again, unless the fault stays', async () => {
  const { signal } = new AbortController()
  const breaking = (times: number, fault: EnvironmentFault) => {
    let calls = 0
    const play = async () => {
      if (++calls <= times) throw fault
      return calls
    }
    return untilUnbroken(signal, play).catch((error) => [error, calls])
  }
  const crash = new EnvironmentFault('pageCrashed')
  expect(await breaking(TRIES.broken - 1, crash)).toBe(TRIES.broken)
  expect(await breaking(TRIES.broken, crash)).toEqual([crash, TRIES.broken])
  const late = new EnvironmentFault('tookTooLong', { work: message('work.answer'), limit: 9 })
  expect(await breaking(TRIES.late - 1, late)).toBe(TRIES.late)
  expect(await breaking(TRIES.late, late)).toEqual([late, TRIES.late])
  const over = new EnvironmentFault('episodeOverAtOnce')
  expect(await breaking(TRIES.broken, over)).toEqual([over, 1])
})
