/** How hosts end: with the lab, by themselves, and at random moments. Linux alone tells who is alive. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { HOLDING } from '../../../testing/hosted.ts'
import { randomModel, TINY } from '../../../testing/random-model.ts'
import { UserError } from '../../messages/error.ts'
import { streamTensors } from '../checkpoint/tensor-stream.ts'
import type { Forest } from '../engine.ts'
import { uniformStream } from '../random.ts'
import { startNodeHost } from './node-host.ts'
import { openRemoteEngine } from './remote-engine.ts'

const PROGRAM = fileURLToPath(new URL('../../../testing/host-program.ts', import.meta.url))
const OPENING = { kind: 'tfjs', config: TINY, wish: { name: null, power: null }, holding: HOLDING } as const
const FOREST: Forest = [{ tokens: Int32Array.of(1, 2, 3), parent: -1, targetStart: 1 }]

/** The living host programs that one of these processes is the parent of. */
function hostsOf(...parents: number[]): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const [state, of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const isHost = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('host-program.ts')
      return isHost && state !== 'Z' && parents.includes(Number(of)) ? [Number(pid)] : []
    } catch {
      return []
    }
  })
}

const open = () => openRemoteEngine(startNodeHost({ program: PROGRAM }), OPENING, streamTensors(randomModel(TINY, 1)))

test.runIf(process.platform === 'linux')(
  'a host that is killed at random moments is one sentence, and nothing stays',
  async () => {
    const uniform = uniformStream(11)
    for (let time = 0; time < 4; time++) {
      const opening = open()
      const work = opening.then(async (engine) => {
        try {
          for (;;) await engine.logprobs(FOREST, null)
        } catch (error) {
          await engine.close()
          throw error
        }
      })
      const ended = expect(work).rejects.toThrow(UserError)
      await setTimeout(20 + 900 * uniform())
      for (const host of hostsOf(process.pid)) process.kill(host, 'SIGKILL')
      await ended
      expect(hostsOf(process.pid)).toEqual([])
    }
  },
)

test.runIf(process.platform === 'linux')('a host that stands still is ended with its engine', async () => {
  const engine = await open()
  const [host] = hostsOf(process.pid)
  process.kill(host!, 'SIGSTOP')
  const control = new AbortController()
  const call = engine.logprobs(FOREST, null, control.signal)
  control.abort(new Error('enough'))
  process.kill(host!, 'SIGKILL')
  // Who cancelled hears why, whatever became of the host.
  await expect(call).rejects.toThrow('enough')
  await engine.close()
  expect(hostsOf(process.pid)).toEqual([])
})

test.runIf(process.platform === 'linux')('a host ends with a lab that is killed, even when it is busy', async () => {
  const lab: ChildProcess = spawn(
    process.execPath,
    ['--no-warnings', fileURLToPath(new URL('../../../testing/host-lab.ts', import.meta.url))],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(lab.stdout!, 'data')
  const hosts = hostsOf(lab.pid!)
  expect(hosts).toHaveLength(1)
  lab.kill('SIGKILL')
  await once(lab, 'exit')
  for (let waited = 0; isAlive(hosts[0]!) && waited < 10_000; waited += 100) await setTimeout(100)
  expect(isAlive(hosts[0]!)).toBe(false)
})

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z'
  } catch {
    return false
  }
}
