/**
 * A worker as a process of its own, for tests that kill and stop it: it plays the made-up problems of queue-play.ts.
 * `node testing/queue-worker.ts '{"address": "redis://...", "delay": 50}'`
 */
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { connectServer } from '../main/workers/server.ts'
import { work } from '../main/workers/worker.ts'
import { episodesOf, QUICK, THERE } from './queue-play.ts'
import { setClock } from './wrong-clock.ts'

const optionsSchema = z.object({
  address: z.string(),
  name: z.string().default('there'),
  slots: z.int().default(4),
  /** Milliseconds that a problem takes. */
  delay: z.number().default(0),
  /** The seed of a problem that kills it. */
  poison: z.int().default(-1),
  /** Milliseconds that its clock is ahead, and that it is ahead once it has begun to play. */
  ahead: z.int().default(0),
  later: z.int().optional(),
  patience: z.object({ lock: z.int(), look: z.int() }).default(QUICK),
})
export type QueueWorkerOptions = z.input<typeof optionsSchema>

const options = optionsSchema.parse(JSON.parse(process.argv[2] ?? '{}'))
const { address, name, slots, delay, poison, ahead, later, patience } = options
setClock(ahead)
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
const server = await connectServer(address, 'lab')
console.log('ready')
await work({
  ...THERE,
  server,
  slots,
  patience,
  machine: { ...THERE.machine, name },
  open: async () => ({
    async play(problem, signal) {
      console.log(`plays ${problem.seed}`)
      if (later !== undefined) setClock(later)
      await pause(delay, undefined, { signal })
      if (problem.seed === poison) process.kill(process.pid, 'SIGKILL')
      return episodesOf(problem)
    },
    close: async () => {},
  }),
  signal: stop.signal,
  hear: ({ event }) => console.log(event),
})
server.close()
