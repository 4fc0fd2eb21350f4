/** Procedures for the machines that play along. */
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import type { SeenPage } from '../workers/looks.ts'
import type { PresentWorker } from '../workers/presence.ts'
import { procedure, router } from './trpc.ts'

export const workersRouter = router({
  /** The queue that the configuration names, null where it names none, and the workers there. */
  list: procedure.query(async ({ ctx }): Promise<{ queue: string | null; workers: readonly PresentWorker[] }> => {
    const { queue, prefix } = ctx.settings.read().workers
    if (queue === null) return { queue, workers: [] }
    const { connectServer } = await import('../workers/server.ts')
    const { workers } = await import('../workers/presence.ts')
    const server = await connectServer(queue, prefix)
    try {
      return { queue, workers: await workers(server) }
    } finally {
      server.close()
    }
  }),

  /** What a worker's pages show, about once a second. It makes pictures only while somebody subscribes. */
  look: procedure.input(z.object({ worker: z.string().regex(/^[\w.-]{1,150}$/) })).subscription(async function* ({
    ctx,
    input: { worker },
    signal,
  }): AsyncGenerator<readonly SeenPage[]> {
    const { queue, prefix } = ctx.settings.read().workers
    if (queue === null) return
    const { connectServer } = await import('../workers/server.ts')
    const { LOOK, look, wantLook } = await import('../workers/looks.ts')
    const server = await connectServer(queue, prefix)
    try {
      while (signal?.aborted !== true) {
        await wantLook(server, worker)
        yield await look(server, worker)
        await pause(LOOK.every, undefined, signal === undefined ? {} : { signal }).catch(() => {})
      }
    } finally {
      server.close()
    }
  }),
})
