/** Procedures for what is dropped on the window and has a path: models and adapters. */
import { z } from 'zod'
import { listAdapters } from '../adapters/list.ts'
import { projectPath } from '../files/paths.ts'
import { recognisePath } from '../imports/recognise.ts'
import { UserError } from '../messages/error.ts'
import { exportAdapter } from '../pipeline/artifacts.ts'
import { procedure, router } from './trpc.ts'

const path = z.string().min(1).max(4096)

export const dropsRouter = router({
  /** What is at a path. It changes nothing, but who only looks at the lab may not look at the machine. */
  recognise: procedure.input(z.object({ path })).mutation(({ ctx, input }) => {
    return recognisePath(ctx.settings.read(), input.path)
  }),

  /** Copies an adapter from anywhere to the path from which the next stages read the SFT policy or the DPO policy. */
  useAdapter: procedure.input(z.object({ path, as: z.enum(['sft', 'dpo']) })).mutation(async ({ ctx, input }) => {
    const config = ctx.settings.read()
    if (ctx.jobs.state.current !== null) throw new UserError('adaptersInUse')
    const given = await recognisePath(config, input.path)
    if (given.kind !== 'adapter') throw new UserError('adapterGone', { path: input.path })
    const { sft_adapter_path, dpo_adapter_path } = config.paths
    await exportAdapter(projectPath(given.path), projectPath(input.as === 'sft' ? sft_adapter_path : dpo_adapter_path))
    return listAdapters(ctx.lab.store, config)
  }),
})
