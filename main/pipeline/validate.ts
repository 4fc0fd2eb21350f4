/** Between the rounds: how good is the policy on problems that neither training nor evaluation sees? */
import { z } from 'zod'
import { cell } from '../evaluation/evaluate.ts'
import { policyFolder } from './artifacts.ts'
import { greedy, jobsOf, play } from './play.ts'
import type { Stage } from './stage.ts'

const result = z.object({ success: z.number(), n: z.int() })

export const validate: Stage<z.output<typeof result>> = {
  name: 'validate',
  title: 'the agent plays the validation block',
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
      onEpisode: (done) => context.progress(done, jobs.length, 'episodes'),
    })
    const { success, n } = cell(episodes)
    context.say('validated', { solved: (100 * success).toFixed(1), episodes: n })
    return { success, n }
  },
}
