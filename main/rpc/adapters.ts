/** Procedures for adapters. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { baseNameOf } from '../adapters/base.ts'
import { compareAdapters } from '../adapters/comparison.ts'
import { MERGE_FORMS } from '../adapters/forms.ts'
import { type AdapterRecord, listAdapters } from '../adapters/list.ts'
import { mergedFrom } from '../adapters/merged-from.ts'
import type { MergeState } from '../adapters/merges.ts'
import { says } from '../config/demand.ts'
import { architectureOf } from '../engine/architecture.ts'
import { resolveModel } from '../engine/load.ts'
import { projectPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { exportAdapter } from '../pipeline/artifacts.ts'
import { refuseOutputFile, refuseOutputFolder } from '../pipeline/output.ts'
import { changes } from './changes.ts'
import { type Context, procedure, router } from './trpc.ts'

/** A folder's name. It has no slashes, so that nothing is written outside of the chosen folder. */
const folderName = z.string().regex(/^\w[\w.-]*$/, says('mustBeName'))

export const adaptersRouter = router({
  /** Every adapter with its lineage: first those that the next stages read, then those of the runs. */
  list: procedure.query(({ ctx }) => listAdapters(ctx.lab.store, ctx.settings.read())),

  /** By their names, what base models were merged from. */
  mergedFrom: procedure
    .input(z.object({ names: z.array(z.string().max(4096)).max(1000) }))
    .query(({ input }) => mergedFrom(input.names)),

  /** Copies an adapter to the path from which the next stages read the SFT policy or the DPO policy. */
  use: procedure.input(z.object({ path: z.string(), as: z.enum(['sft', 'dpo']) })).mutation(async ({ ctx, input }) => {
    const config = ctx.settings.read()
    const { path } = findAdapter(ctx, input.path)
    if (ctx.jobs.state.current !== null) {
      throw new UserError('adaptersInUse')
    }
    const { sft_adapter_path, dpo_adapter_path } = config.paths
    await exportAdapter(projectPath(path), projectPath(input.as === 'sft' ? sft_adapter_path : dpo_adapter_path))
    return listAdapters(ctx.lab.store, config)
  }),

  /** Two adapters side by side: their lineage, how far each changes the model, and their success. */
  compare: procedure.input(z.object({ a: z.string(), b: z.string() })).query(({ ctx, input }) => {
    const pair = [findAdapter(ctx, input.a), findAdapter(ctx, input.b)] as const
    const config = ctx.settings.read()
    const architecture = (adapter: AdapterRecord) => architectureOf(baseNameOf(adapter, config))
    const all = listAdapters(ctx.lab.store, config).filter((adapter) => adapter.problem === null)
    return compareAdapters(ctx.lab.store, all, pair, architecture)
  }),

  /** Starts to merge an adapter into the base model, as the checkpoint <into>/<name> or the GGUF file <into>/<name>.gguf. */
  merge: procedure
    .input(
      z.object({
        path: z.string(),
        into: z.string().min(1).max(1000).default('models'),
        name: folderName,
        form: z.enum(MERGE_FORMS).default('safetensors'),
      }),
    )
    .mutation(({ ctx, input }) => {
      const adapter = findAdapter(ctx, input.path)
      const into = projectPath(input.into)
      if (!existsSync(into) || !statSync(into).isDirectory()) {
        throw new UserError('mergeFolderMissing', { folder: input.into })
      }
      const config = ctx.settings.read()
      const { form } = input
      const isFolder = form === 'safetensors'
      const target = join(into, isFolder || input.name.endsWith('.gguf') ? input.name : `${input.name}.gguf`)
      const refuse = isFolder ? refuseOutputFolder : refuseOutputFile
      refuse(config, target, {})
      return ctx.merges.start({
        base: resolveModel(baseNameOf(adapter, config)),
        adapter: projectPath(adapter.path),
        target,
        form,
      })
    }),

  /** The state of the merge, now and after every change. */
  merging: procedure.subscription(async function* ({ ctx, signal }): AsyncGenerator<MergeState> {
    for await (const _ of changes(ctx.merges, signal, { atMost: 100 })) yield ctx.merges.state
  }),

  /** Stops the merge and removes what it has written. */
  stopMerge: procedure.mutation(({ ctx }) => ctx.merges.stop()),
})

/** The adapter at a path. Throws UserError where no listed adapter is there, or it cannot be read. */
export function findAdapter({ lab, settings }: Pick<Context, 'lab' | 'settings'>, path: string): AdapterRecord {
  const found = listAdapters(lab.store, settings.read()).find((adapter) => adapter.path === path)
  if (found === undefined) throw new UserError('adapterGone', { path })
  if (found.problem !== null) throw new UserError([found.problem])
  return found
}
