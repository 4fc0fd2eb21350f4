/** Validates the policy between rounds, on problems that neither training nor evaluation uses. */
import { z } from 'zod'
import { cell, compare, onSharedProblems } from '../../evaluation/evaluate.ts'
import { standing } from '../../evaluation/verdict.ts'
import { message } from '../../messages/message.ts'
import { policyFolder } from '../artifacts.ts'
import type { Stage, StageContext } from '../stage.ts'
import { greedy, jobsOf, play } from './play.ts'

const result = z.object({
  success: z.number(),
  n: z.int(),
  /** The best round so far, by `bestRound`; 0 is SFT. Runs of older versions have none. */
  best: z.int().optional(),
})

export const validate: Stage<z.output<typeof result>> = {
  name: 'validate',
  title: message('titleValidate'),
  result,
  async run(context) {
    const { config, resources, round } = context
    const { num_episodes_per_task, seed_start } = config.validation
    const jobs = jobsOf(resources.tasksNamed(config.tasks), seed_start, num_episodes_per_task)
    const episodes = await play(context, {
      key: context.arm(''),
      adapter: policyFolder(context, round),
      jobs,
      sampling: greedy(config),
      onEpisode: (done) => context.progress(done, jobs.length, message('unitEpisodes')),
    })
    const { success, n } = cell(episodes)
    context.say('validated', {
      solved: (100 * success).toFixed(1),
      episodeCount: message('countEpisodes', { count: n }),
    })
    return { success, n, best: bestRound(context, 0, round) }
  },
  line: ({ success, n }) => message('lineValidate', { solved: (100 * success).toFixed(1), n }),
}

/**
 * Of the rounds from `first` to `last`, the latest that is not measurably worse on the validation block than the most
 * successful one (McNemar's exact test on the problems that both played). A later round has learned from more data, and
 * a difference that could be chance is no reason to go back. Returns `last` where the rounds were not validated.
 */
export function bestRound({ store, run }: Pick<StageContext, 'store' | 'run'>, first: number, last: number): number {
  const arms = onSharedProblems(
    Array.from({ length: last - first + 1 }, (_, at) => {
      const episodes = store.episodes.outcomes({ run, stage: validate.name, round: first + at, arm: '' })
      return { name: String(first + at), episodes }
    }),
  )
  const success = arms.map(({ episodes }) => cell(episodes).success)
  const top = arms[success.indexOf(Math.max(...success))]!
  const close = arms.findLastIndex((arm) => standing(compare(arm, top)) !== 'worse')
  return first + close
}
