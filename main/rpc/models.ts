/** Procedures for choosing a base model. */
import { z } from 'zod'
import { listModels, measureRun } from '../capacity/model-list.ts'
import { UserError } from '../messages/error.ts'
import { procedure, router, working } from './trpc.ts'

export const modelsRouter = router({
  /** The models on this machine, and what a run with each would take. */
  list: procedure.query(({ ctx }) => listModels(ctx.settings.read())),

  /** Seconds of a run with a listed model, measured for a few seconds; null where the engine is not native. */
  time: working.input(z.object({ name: z.string().max(4096) })).query(({ ctx, input }) => {
    if (ctx.jobs.state.current !== null) throw new UserError('timesWait')
    return measureRun(ctx.settings.read(), input.name)
  }),
})
