/** Procedures for the machines that play along. */
import type { WorkerState } from '../workers/protocol.ts'
import { procedure, router } from './trpc.ts'

export const workersRouter = router({
  /** The queue that the configuration names, null where it names none, and the workers there. */
  list: procedure.query(async ({ ctx }): Promise<{ queue: string | null; workers: readonly WorkerState[] }> => {
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
})
