/** Every attempt there was. */
import { z } from 'zod'
import { UserError } from '../config/error.ts'
import { id, procedure, router, slice } from './trpc.ts'

const filter = {
  run: id.optional(),
  stage: z.string().optional(),
  round: z.int().min(0).optional(),
  arm: z.string().optional(),
  task: z.string().optional(),
  seed: z.int().min(0).optional(),
  outcome: z.enum(['success', 'failure', 'fault']).optional(),
  reason: z.string().optional(),
  search: z.string().max(200).optional(),
}

export const episodesRouter = router({
  /** A page of the episodes that pass the filter, without their steps. */
  list: procedure
    .input(
      z.object({
        ...filter,
        ...slice,
        sort: z.enum(['id', 'run', 'task', 'seed', 'outcome', 'reason', 'steps', 'duration']).default('id'),
        descending: z.boolean().default(true),
      }),
    )
    .query(({ ctx, input: { offset, limit, sort, descending, ...rest } }) =>
      ctx.archive.episodes(rest, { by: sort, descending }, { offset, limit }),
    ),

  /** How many there are by run, stage, round, arm, task and outcome: what a filter can offer. */
  groups: procedure.input(z.object(filter)).query(({ ctx, input }) => ctx.archive.episodeGroups(input)),

  /** One episode with its steps. Pictures are at /pictures/<episode>/<step> where a step has one. */
  get: procedure.input(z.object({ id })).query(({ ctx, input }) => {
    const episode = ctx.archive.episode(input.id)
    if (episode === undefined) throw new UserError(`There is no episode ${input.id} any more; load the list again.`)
    return episode
  }),
})
