import { expect, test } from 'vitest'
import { EnvironmentFault } from '../chromium/fault.ts'
import { message } from '../messages/message.ts'
import { TRIES, untilUnbroken } from './fault.ts'

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
