/**
 * Stage 2: the present policy tries every task seed several times. Where it both succeeds and fails, there can be a
 * pair. Without any, a first round fails; a later round has no pairs, and the policy so far stays.
 */
import { z } from 'zod'
import { shownPath } from '../../files/paths.ts'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
import { pairsOf } from '../../preferences/contrasts.ts'
import type { PairCounts } from '../../preferences/pairs.ts'
import { unsolvedTasks } from '../../preferences/unsolved.ts'
import { policyFolder } from '../artifacts.ts'
import type { Stage } from '../stage.ts'
import { exportPairs } from './export-pairs.ts'
import { jobsOf, play, sampled } from './play.ts'

const count = z.int()

/** The numbers of episodes and pairs: PairCounts. */
export const pairCounts = z.object({
  episodes: count,
  successes: count,
  failures: count,
  faults: count,
  seeds: count,
  seedsOnlySuccesses: count,
  seedsOnlyFailures: count,
  pairs: count,
  sameActions: count,
  pageDiffers: count,
  ended: count,
  duplicates: count,
  slips: count.default(0),
  overCap: count,
})

export const collect: Stage<z.output<typeof pairCounts>> = {
  name: 'collect',
  title: message('titleCollect'),
  result: pairCounts,
  async run(context) {
    const { config, resources, store, round } = context
    const { seeds_per_task, attempts, temperature, top_p, seed_start } = config.collect
    const tasks = resources.tasksNamed(config.tasks)
    const jobs = jobsOf(tasks, seed_start + (round - 1) * seeds_per_task, seeds_per_task, attempts)
    const episodes = await play(context, {
      key: context.arm(''),
      adapter: policyFolder(context, round - 1),
      jobs,
      sampling: sampled(config, temperature, top_p),
      onEpisode: (done) => context.progress(done, jobs.length, message('unitAttempts')),
    })
    const { pairs, counts } = pairsOf(config.collect.contrasts, episodes)
    store.pairs.replace(context, pairs)
    context.say('collected', {
      attemptCount: message('countAttempts', { count: counts.episodes }),
      solved: solvedPercent(counts.successes, counts.failures),
      broken: counts.faults,
    })
    const [most] = unsolvedTasks(episodes)
    if (most !== undefined) context.say('sampleHelps', { ...most })
    if (pairs.length === 0) {
      const why = message(whyNoPairs(counts))
      if (round === 1) throw new UserError('firstRoundWithoutPairs', { why })
      context.say('laterRoundWithoutPairs', { why, round: round - 1 })
      return counts
    }
    exportPairs(context, context)
    context.say('pairsIn', {
      pairCount: message('countPairs', { count: counts.pairs }),
      path: shownPath(config.paths.preference_data),
    })
    return counts
  },
  line({ episodes, successes, failures, pairs }) {
    return message('lineCollect', {
      attempts: message('countAttempts', { count: episodes }),
      solved: solvedPercent(successes, failures),
      pairs: message('countPairs', { count: pairs }),
    })
  },
}

/** The message for a collection without pairs: the reason, and what to do. */
function whyNoPairs({ seeds, seedsOnlySuccesses, seedsOnlyFailures, slips }: PairCounts) {
  if (seedsOnlyFailures === seeds) return 'noPairsAllFailed'
  if (seedsOnlySuccesses === seeds) return 'noPairsAllSolved'
  return slips > 0 ? 'noPairsOnlySlips' : 'noPairsAllAlike'
}

function solvedPercent(successes: number, failures: number): string {
  return ((100 * successes) / Math.max(1, successes + failures)).toFixed(1)
}
