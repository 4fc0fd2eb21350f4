/** Procedures for the episodes of all runs. */
import { z } from 'zod'
import { UserError } from '../messages/error.ts'
import { messageSchema } from '../messages/schema.ts'
import { unsolvedTasks } from '../preferences/unsolved.ts'
import { FAILURE_REASONS, OUTCOMES } from '../store/episode.ts'
import { type Context, id, procedure, router, slice } from './trpc.ts'

const filter = {
  run: id.optional(),
  stage: z.string().optional(),
  round: z.int().min(0).optional(),
  arm: z.string().optional(),
  task: z.string().optional(),
  seed: z.int().min(0).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  reason: z.enum(FAILURE_REASONS).optional(),
  fault: messageSchema.optional(),
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
      ctx.lab.store.episodes.list(rest, { by: sort, descending }, { offset, limit }),
    ),

  /** The number of episodes by run, stage, round, arm, task and outcome. Filters offer these values. */
  groups: procedure.input(z.object(filter)).query(({ ctx, input }) => ctx.lab.store.episodes.groups(input)),

  /** The tasks with problems that no attempt of a round solved, those where a golden sample would help most first. */
  unsolved: procedure
    .input(z.object({ run: id, round: z.int().min(1) }))
    .query(({ ctx, input }) => unsolvedTasks(ctx.lab.store.episodes.outcomes({ ...input, stage: 'collect', arm: '' }))),

  /** One episode with its steps. Pictures are at /pictures/<episode>/<step> where a step has one. */
  get: procedure.input(z.object({ id })).query(({ ctx, input }) => episodeOf(ctx, input.id)),

  /**
   * Plays an episode again to take pictures of its pages, where it has none. Returns the box of each step that has a
   * picture now; there are fewer than steps where a page could not be restored.
   */
  retake: procedure.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    const episode = episodeOf(ctx, input.id)
    const shots = await ctx.live.retake(episode.task, episode)
    ctx.lab.store.episodes.setShots(input.id, shots)
    return shots.map(({ box }) => box)
  }),
})

function episodeOf({ lab }: Context, id: number) {
  const episode = lab.store.episodes.get(id)
  if (episode === undefined) throw new UserError('episodeGone', { episode: id })
  return episode
}
