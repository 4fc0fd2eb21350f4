/** What there is to choose from: tasks, adapters, golden samples. */
import { z } from 'zod'
import { shownPath } from '../config/config.ts'
import { projectPath } from '../config/paths.ts'
import { EXPERTS } from '../environment/experts/index.ts'
import { listAdapters } from '../pipeline/adapters.ts'
import { configuredTasks } from '../pipeline/resources.ts'
import { readGoldenData } from '../preferences/golden.ts'
import { procedure, router, slice } from './trpc.ts'

export const tasksRouter = router({
  /** Every task that can be played here. */
  list: procedure.query(({ ctx }) => {
    const config = ctx.settings.read()
    const evaluated = config.evaluation.tasks ?? config.tasks
    return configuredTasks(config).map(({ name, title, group, category, horizon, source }) => ({
      name,
      title,
      group,
      category,
      horizon,
      source,
      expert: name in EXPERTS,
      learned: config.tasks.includes(name),
      evaluated: evaluated.includes(name),
    }))
  }),
})

export const adaptersRouter = router({
  /** Every adapter with what it was made from: those the next stages take first, then those of the runs. */
  list: procedure.query(({ ctx }) => listAdapters(ctx.lab.store, ctx.settings.read())),
})

export const goldenRouter = router({
  /** A page of the golden samples. */
  list: procedure.input(z.object({ ...slice, task: z.string().optional() })).query(({ ctx, input }) => {
    const path = projectPath(ctx.settings.read().paths.sft_data)
    const samples = readGoldenData(path)
      .map((sample, line) => ({ line, ...sample }))
      .filter(({ task }) => input.task === undefined || task === input.task)
    return {
      path: shownPath(path),
      rows: samples.slice(input.offset, input.offset + input.limit),
      total: samples.length,
    }
  }),
})
