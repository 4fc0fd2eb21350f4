/**
 * Simulated machines for the bench of the queue, as one process: workers that take problems through the real code, and sleep
 * for the recorded times in place of playing.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { PATIENCE } from '../main/workers/consumer.ts'
import { connectServer } from '../main/workers/server.ts'
import { work } from '../main/workers/worker.ts'
import { THERE } from '../testing/queue-play.ts'
import { sampleEpisodes } from './workers-episodes.ts'

const { address, machines, first, pages, times } = z
  .object({ address: z.string(), machines: z.int(), first: z.int(), pages: z.int(), times: z.array(z.number()).min(1) })
  .parse(JSON.parse(process.argv[2] ?? '{}'))

const server = await connectServer(address, 'bench')
console.log('ready')
await Promise.all(
  Array.from({ length: machines }, async (_, at) => {
    await work({
      ...THERE,
      server,
      patience: PATIENCE,
      // An episode on each page, as in the recording.
      pages,
      slots: pages,
      machine: { ...THERE.machine, name: `machine-${first + at}` },
      open: async () => ({
        async play(problem, signal) {
          // Which time it takes depends on the problem alone.
          const time = times[problem.seed % times.length]! * problem.attempts.length
          if (time > 0) await pause(time, undefined, { signal })
          return sampleEpisodes(problem)
        },
        close: async () => {},
      }),
      signal: new AbortController().signal,
      hear() {},
    })
  }),
)
