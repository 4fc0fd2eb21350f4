/** A hundred workers that come and go while a lab hands out problems. The problems are made up, because no machine has room for a hundred browsers. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { projectPath } from '../../../main/files/paths.ts'
import { PATIENCE } from '../../../main/workers/consumer.ts'
import { connectServer } from '../../../main/workers/server.ts'
import { episodesOf, hand } from '../../queue-play.ts'
import type { QueueWorkerOptions } from '../../queue-worker.ts'
import { hasRedisServer, type RedisServer, startRedis } from '../../redis-server.ts'
import type { Fault } from '../fault.ts'

const [WORKERS, AT_A_TIME, PROBLEMS] = [100, 10, 5_000]

export const CROWD: Fault = {
  name: `queue: ${WORKERS} workers that come and go`,
  must: 'each attempt once, none as a fault',
  missing: () => (hasRedisServer() ? null : 'needs redis-server'),
  async inject() {
    const redis = await startRedis()
    const server = await connectServer(redis.address, 'lab')
    try {
      const gone = { killed: 0, stopped: 0 }
      let next = 0
      const come = async () => {
        while (next < WORKERS) {
          const at = next++
          await visit(redis, at)
          gone[isKilled(at) ? 'killed' : 'stopped']++
        }
      }
      const all = Promise.all(Array.from({ length: AT_A_TIME }, come))
      // The lab plays nothing until all have been there.
      const { by, episodes, times } = await hand(server, PROBLEMS, {
        patience: PATIENCE,
        async playHere(problem, signal, onEpisode) {
          await Promise.race([all, pause(600_000, undefined, { signal, ref: false })])
          for (const episode of episodesOf(problem)) onEpisode(episode)
        },
      })
      await all
      const wrong: string[] = []
      if (times !== 2 * PROBLEMS || by.size !== times) wrong.push(`${times} episodes of ${by.size} attempts`)
      const faults = [...episodes.values()].filter(({ outcome }) => outcome === 'fault').length
      if (faults > 0) wrong.push(`${faults} faults`)
      const players = new Set(by.values()).size
      const seen = `${gone.killed} killed, ${gone.stopped} stopped; ${times} episodes, by ${players} machines, the lab among them`
      return { seen, wrong }
    } finally {
      server.close()
      await redis.close()
    }
  },
}

const isKilled = (at: number) => at % 2 === 0

/** A worker comes, plays for one to four seconds, and goes in the one way or the other. */
async function visit({ address }: RedisServer, at: number): Promise<void> {
  const options: QueueWorkerOptions = { address, name: `w${at}`, slots: 2, delay: 100, patience: PATIENCE }
  const child = spawn(process.execPath, [projectPath('testing/queue-worker.ts'), JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(child, 'exit')
  await once(child.stdout, 'data')
  child.stdout.resume()
  await pause(1_000 + ((at * 7919) % 3_000))
  child.kill(isKilled(at) ? 'SIGKILL' : 'SIGTERM')
  await ended
}
