/**
 * Stage 2: the present policy tries every task seed several times. Where it both succeeds and fails, there can be a
 * pair. Without any, a first round fails; a later round has no pairs, and the policy so far stays.
 */
import { z } from 'zod'
import type { Job } from '../../agent/rollout.ts'
import { Openings } from '../../agent/transitions.ts'
import type { Task } from '../../environment/tasks.ts'
import { shownPath } from '../../files/paths.ts'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
import { pairsOf } from '../../preferences/contrasts.ts'
import { branchesOf, HARD_NEGATIVES, hardPairs } from '../../preferences/hard-negatives.ts'
import type { Pair, PairCounts } from '../../preferences/pairs.ts'
import { unsolvedTasks } from '../../preferences/unsolved.ts'
import type { Episode } from '../../store/episode.ts'
import { policyFolder } from '../artifacts.ts'
import type { Stage } from '../stage.ts'
import { exportPairs } from './export-pairs.ts'
import { jobsOf, play, sampled } from './play.ts'

const count = z.int()

/** The share of the temperature by which each further attempt at an unsolved problem is warmer than the one before. */
const HEATING = 0.1

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
  hard: count.default(0),
})

export const collect: Stage<z.output<typeof pairCounts>> = {
  name: 'collect',
  title: message('titleCollect'),
  result: pairCounts,
  async run(context) {
    const { config, resources, store, round } = context
    const { seeds_per_task, attempts, temperature, top_p, seed_start, more_attempts, hint, hard_negatives } =
      config.collect
    const tasks = resources.tasksNamed(config.tasks)
    const jobs = jobsOf(tasks, seed_start + (round - 1) * seeds_per_task, seeds_per_task, attempts)
    // Attempts that leave the way of another one need not walk it again.
    const openings = hard_negatives ? new Openings() : undefined
    const playAs = (arm: string, some: readonly Job[], warmer = 1) =>
      play(context, {
        key: context.arm(arm),
        adapter: policyFolder(context, round - 1),
        jobs: some,
        sampling: sampled(config, warmer * temperature, top_p),
        ...(openings === undefined ? {} : { openings }),
        onEpisode: (done) => context.progress(done, some.length, message('unitAttempts')),
      })
    let episodes = await playAs('', jobs)
    for (let more = 0; more < more_attempts; more++) {
      const again = furtherJobs(jobs, episodes, attempts + more, hint && more % 2 === 1)
      if (again.length > 0) episodes = await playAs('', again, 1 + HEATING * (more + 1))
    }
    const built = pairsOf(config.collect.contrasts, episodes)
    let hard: readonly Pair[] = []
    if (hard_negatives) {
      const left = await playAs(HARD_NEGATIVES, branchJobs(tasks, episodes, attempts + more_attempts))
      hard = hardPairs(episodes, left, built.pairs)
      const failed = left.filter(({ outcome }) => outcome === 'failure').length
      context.say('hardNegatives', { count: left.length, failed, pairs: hard.length })
    }
    const pairs = [...built.pairs, ...hard]
    const counts = { ...built.counts, pairs: pairs.length, hard: hard.length }
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

/** One more attempt at every problem that none has solved. */
function furtherJobs(jobs: readonly Job[], episodes: readonly Episode[], attempt: number, hinted: boolean): Job[] {
  const keyOf = (task: string, seed: number) => JSON.stringify([task, seed])
  const solved = new Set(
    episodes.flatMap(({ task, seed, outcome }) => (outcome === 'success' ? [keyOf(task, seed)] : [])),
  )
  return jobs
    .filter((job) => job.attempt === 0 && !solved.has(keyOf(job.task.name, job.seed)))
    .map((job) => ({ ...job, attempt, hinted }))
}

/** The attempts that leave the way of a success. */
function branchJobs(tasks: readonly Task[], episodes: readonly Episode[], first: number): Job[] {
  const named = new Map(tasks.map((task) => [task.name, task]))
  return branchesOf(episodes, first).map((branching) => ({ ...branching, task: named.get(branching.task)! }))
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
