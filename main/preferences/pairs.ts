/**
 * Builds preference pairs from attempts. Two attempts at the same task and seed see the same pages as long as they act
 * alike. Where they first differ, the action of the one that succeeded is preferred to that of the one that failed.
 */
import type { Episode, Step } from '../store/episode.ts'

/** With fewer pairs a training sees each so often that it learns them by heart. */
export const FEW_PAIRS = 30

export interface Pair {
  readonly task: string
  /** Seed of the page's problem. */
  readonly seed: number
  /** Index of the step at which the two attempts differ. */
  readonly step: number
  /** The attempts that the two completions come from. */
  readonly chosenAttempt: number
  readonly rejectedAttempt: number
  /** Log-probability of chosen minus that of rejected when they were sampled, in nats. */
  readonly margin: number
  /** The user's message: the page, the task, the earlier actions. */
  readonly prompt: string
  readonly chosen: string
  readonly rejected: string
}

export interface PairOptions {
  /** Most pairs from one task and seed, so that a seed with many failures does not outweigh the others. */
  readonly maxPairsPerSeed: number
  /**
   * Most nats by which a failure's answer may be less likely than the success's. Beyond that it is a slip of sampling:
   * the policy would hardly choose it, and training against it would also make correct parts of such answers less
   * likely (copying).
   */
  readonly maxLogprobGap: number
}

/** How many pairs were made from how many problems, and why failures gave none. */
export interface PairCounts {
  readonly episodes: number
  readonly successes: number
  readonly failures: number
  /** Episodes that failed because of the browser or the page; never paired. */
  readonly faults: number
  /** Problems (task and seed) with attempts, without faults. */
  readonly seeds: number
  /** Problems without a failure, or without a success: there is nothing to compare. */
  readonly seedsOnlySuccesses: number
  readonly seedsOnlyFailures: number
  /** Pairs made. */
  readonly pairs: number
  /** Failures without a pair: same actions as a success, with a different end. */
  readonly sameActions: number
  /** ... the page differed after the same actions, so the seed did not determine it. */
  readonly pageDiffers: number
  /** ... one of the two attempts ended before they differed. */
  readonly ended: number
  /** ... same prompt and completions as another pair of this problem. */
  readonly duplicates: number
  /** ... its answer was far less likely than the success's (maxLogprobGap). */
  readonly slips: number
  /** ... beyond maxPairsPerSeed. */
  readonly overCap: number
  /** Those of the pairs that have a hard negative. */
  readonly hard: number
}

export const DEFAULT_PAIR_OPTIONS: PairOptions = { maxPairsPerSeed: 6, maxLogprobGap: 3 }

export interface BuiltPairs {
  readonly pairs: Pair[]
  readonly counts: PairCounts
}

/** The episodes by outcome; all that is counted later is 0. */
export function countEpisodes(episodes: readonly Episode[]) {
  return {
    episodes: episodes.length,
    successes: episodes.filter(({ outcome }) => outcome === 'success').length,
    failures: episodes.filter(({ outcome }) => outcome === 'failure').length,
    faults: episodes.filter(({ outcome }) => outcome === 'fault').length,
    seeds: 0,
    seedsOnlySuccesses: 0,
    seedsOnlyFailures: 0,
    sameActions: 0,
    pageDiffers: 0,
    ended: 0,
    duplicates: 0,
    slips: 0,
    overCap: 0,
    hard: 0,
  }
}

/**
 * One pair for each failure whose problem was also solved. It is compared with the shortest success, because lucky
 * detours are no model; of equally short ones with the one that agrees with it longest, because their difference
 * explains the failure best. Equal pairs of a problem are kept once; other seeds with the same page count as often as
 * they occur. Pairs are in the order in which their problems first occur in `episodes`.
 */
export function buildPairs(episodes: readonly Episode[], options: PairOptions = DEFAULT_PAIR_OPTIONS): BuiltPairs {
  const counts = countEpisodes(episodes)
  const pairs: Pair[] = []
  for (const problem of problems(episodes)) {
    counts.seeds++
    const successes = problem.filter(({ outcome }) => outcome === 'success')
    const failures = problem.filter(({ outcome }) => outcome === 'failure')
    if (failures.length === 0) counts.seedsOnlySuccesses++
    if (successes.length === 0) counts.seedsOnlyFailures++
    if (failures.length === 0 || successes.length === 0) continue
    const seen = new Set<string>()
    for (const failure of failures) {
      const success = bestSuccess(successes, failure)
      const parting = part(success, failure)
      if (typeof parting === 'string') {
        counts[parting]++
        continue
      }
      if (success.steps[parting]!.logprob - failure.steps[parting]!.logprob > options.maxLogprobGap) {
        counts.slips++
        continue
      }
      const pair = pairAt(success, failure, parting)
      const key = JSON.stringify([pair.prompt, pair.chosen, pair.rejected])
      if (seen.has(key)) counts.duplicates++
      else if (seen.size === options.maxPairsPerSeed) counts.overCap++
      else {
        seen.add(key)
        pairs.push(pair)
      }
    }
  }
  return { pairs, counts: { ...counts, pairs: pairs.length } }
}

/** Attempts without faults, grouped by task and seed, in order of attempt. */
export function problems(episodes: readonly Episode[]): Episode[][] {
  const groups = new Map<string, Episode[]>()
  for (const episode of episodes) {
    if (episode.outcome === 'fault') continue
    const key = JSON.stringify([episode.task, episode.seed])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [episode])
    else group.push(episode)
  }
  return [...groups.values()].map((group) => group.sort((a, b) => a.attempt - b.attempt))
}

function bestSuccess(successes: readonly Episode[], failure: Episode): Episode {
  const shortest = successes.reduce((least, { steps }) => Math.min(least, steps.length), Number.POSITIVE_INFINITY)
  const candidates = successes.filter(({ steps }) => steps.length === shortest)
  const shared = (success: Episode) => {
    const parting = part(success, failure)
    return typeof parting === 'number' ? parting : -1
  }
  return candidates.reduce((best, success) => (shared(success) > shared(best) ? success : best))
}

/** The first step at which two attempts act differently on the same page, or why there is none. */
function part(success: Episode, failure: Episode): number | 'sameActions' | 'pageDiffers' | 'ended' {
  const length = Math.min(success.steps.length, failure.steps.length)
  for (let step = 0; step < length; step++) {
    const [a, b] = [success.steps[step]!, failure.steps[step]!]
    if (a.prompt !== b.prompt) return 'pageDiffers'
    if (a.action !== b.action) return step
  }
  return success.steps.length === failure.steps.length ? 'sameActions' : 'ended'
}

function pairAt(success: Episode, failure: Episode, step: number): Pair {
  const chosen: Step = success.steps[step]!
  const rejected: Step = failure.steps[step]!
  return {
    task: success.task,
    seed: success.seed,
    step,
    chosenAttempt: success.attempt,
    rejectedAttempt: failure.attempt,
    margin: chosen.logprob - rejected.logprob,
    prompt: chosen.prompt,
    chosen: chosen.completion,
    rejected: rejected.completion,
  }
}
