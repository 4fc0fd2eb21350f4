/** Workers, labs, servers and networks that fail while a lab and a worker play for one run. Both are the real programs. */
import { setTimeout as pause } from 'node:timers/promises'
import { differences, type Outcome, outcomeOf } from '../../campaign/outcome.ts'
import { removePlace } from '../../campaign/place.ts'
import { type Ended, type Program, startProgram } from '../../campaign/program.ts'
import { hasRedisServer, type RedisServer, startRedis } from '../../redis-server.ts'
import { startProxy, type TcpProxy } from '../../tcp-proxy.ts'
import type { Fault, Ground } from '../fault.ts'
import { ending, endingFaults, stillThere } from '../judge.ts'
import { stepOf } from './disk.ts'

/** Some attempts have ended. */
const AT_WORK = /"event":"progress","stage":"collect"[^\n]*"done":[1-9]/

interface Scene {
  readonly redis: RedisServer
  /** Between the lab and the server. */
  readonly proxy: TcpProxy
  readonly lab: Program
  readonly worker: Program
  /** Goes on with the run. */
  resume(): Program
  readonly ground: Ground
}

/** Lets a lab and a worker collect, disturbs them, and compares the episodes with those of the lab alone. */
function during(name: string, must: string, disturb: (scene: Scene) => Promise<Program>): Fault {
  return {
    name: `queue: ${name}`,
    must,
    missing: () => (hasRedisServer() ? null : 'needs redis-server'),
    async inject(ground) {
      const done = stepOf(ground, 'collect')
      const [place, other] = [ground.place('collect'), ground.place('collect')]
      const redis = await startRedis('--appendonly', 'yes')
      const proxy = await startProxy(redis.port)
      const wrong: string[] = []
      let ended: Ended
      try {
        const worker = startProgram(other, ['worker', '--queue', redis.address])
        await worker.line(/waits for problems/)
        const queue = ['--json', '--set', `workers.queue=redis://127.0.0.1:${proxy.port}`]
        const lab = startProgram(place, ['collect', ...queue])
        await lab.line(AT_WORK)
        const resume = () => startProgram(place, ['collect', '--resume', ...queue])
        ended = await (await disturb({ redis, proxy, lab, worker, resume, ground })).ended
        worker.signal('SIGCONT')
        worker.signal('SIGINT')
        await worker.ended
      } finally {
        await proxy.close()
        await redis.close()
      }
      wrong.push(...endingFaults(ended), ...(ended.code === 0 ? [] : ['the run did not end']))
      wrong.push(...(await stillThere(place)), ...(await stillThere(other)))
      wrong.push(...differences(played(done.outcome), played(outcomeOf(place))))
      removePlace(place)
      removePlace(other)
      return { seen: ending(ended), wrong }
    },
  }
}

/** All that was played, and the pairs. */
function played(outcome: Outcome): Outcome {
  return new Map(['table steps', 'table pairs'].map((name) => [name, outcome.get(name) ?? ['missing']]))
}

export const QUEUE: readonly Fault[] = [
  during('nothing fails', 'the same episodes as alone', async ({ lab }) => lab),
  during('worker killed', 'the same episodes', async ({ lab, worker }) => {
    worker.signal('SIGKILL')
    return lab
  }),
  during('worker stopped', 'the same episodes', async ({ lab, worker, ground }) => {
    worker.signal('SIGSTOP')
    await pause(1000 * ground.pause)
    worker.signal('SIGCONT')
    return lab
  }),
  during('lab killed and resumed', 'the same episodes', async ({ lab, resume }) => {
    lab.signal('SIGKILL')
    await lab.ended
    return resume()
  }),
  during('server killed and started again', 'the same episodes', async ({ lab, redis }) => {
    await redis.restart({ downFor: 2_000 })
    return lab
  }),
  during('network of the lab silent', 'the same episodes', async ({ lab, proxy, ground }) => {
    proxy.cut(false)
    await pause(1000 * ground.pause)
    proxy.heal()
    return lab
  }),
  during('network of the lab cut', 'the same episodes', async ({ lab, proxy, ground }) => {
    proxy.cut(true)
    await pause(1000 * ground.pause)
    proxy.heal()
    return lab
  }),
]
