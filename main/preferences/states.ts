/**
 * Contrasts by page state. All attempts at a problem that came to the same page by the same actions are compared there: an action that
 * mostly led to success is preferred to one that never did.
 */
import type { Episode, Step } from '../store/episode.ts'
import { type BuiltPairs, countEpisodes, DEFAULT_PAIR_OPTIONS, type Pair, type PairOptions, problems } from './pairs.ts'

/** What became of the attempts that did one action on one page. */
interface Tried {
  readonly action: string
  successes: number
  failures: number
  /** Its likeliest answer, for chosen that of a success. */
  best: { readonly step: Step; readonly attempt: number; readonly at: number; readonly isSuccess: boolean }
}

/** The least probability that the chosen action is the better one. One success against one failure has 0.83. */
const LEAST_CERTAINTY = 0.8

/**
 * Pairs at every page on which actions of a problem differ in success. The chosen action is that of the largest success rate; every
 * action that never succeeded there is rejected, if the chosen one is better with a probability of at least 0.8. An action
 * that any attempt succeeded with is never rejected. The most certain pairs of a problem come first, up to
 * `maxPairsPerSeed`.
 */
export function buildStatePairs(episodes: readonly Episode[], options: PairOptions = DEFAULT_PAIR_OPTIONS): BuiltPairs {
  const counts = countEpisodes(episodes)
  const pairs: Pair[] = []
  for (const problem of problems(episodes)) {
    counts.seeds++
    const solved = problem.filter(({ outcome }) => outcome === 'success').length
    if (solved === problem.length) counts.seedsOnlySuccesses++
    if (solved === 0) counts.seedsOnlyFailures++
    if (solved === 0 || solved === problem.length) continue
    const found: { readonly pair: Pair; readonly certainty: number }[] = []
    for (const tried of pagesOf(problem)) {
      const [chosen] = tried.filter(({ successes }) => successes > 0).sort((a, b) => rate(b) - rate(a))
      if (chosen === undefined) continue
      for (const rejected of tried.filter(({ successes }) => successes === 0)) {
        const certainty = certaintyOf(chosen, rejected)
        if (certainty < LEAST_CERTAINTY) continue
        const pair = pairOf(problem[0]!, chosen, rejected)
        if (pair.margin > options.maxLogprobGap) counts.slips++
        else found.push({ pair, certainty })
      }
    }
    // Sorting is stable: of equally certain ones the earlier page counts.
    found.sort((a, b) => b.certainty - a.certainty)
    counts.overCap += Math.max(0, found.length - options.maxPairsPerSeed)
    pairs.push(...found.slice(0, options.maxPairsPerSeed).map(({ pair }) => pair))
  }
  return { pairs, counts: { ...counts, pairs: pairs.length } }
}

/** The actions on each page of a problem. The prompt is the page with the way to it. */
function pagesOf(problem: readonly Episode[]): Tried[][] {
  const pages = new Map<string, Map<string, Tried>>()
  for (const { steps, outcome, attempt } of problem) {
    const isSuccess = outcome === 'success'
    for (const [at, step] of steps.entries()) {
      const page = pages.get(step.prompt) ?? new Map<string, Tried>()
      pages.set(step.prompt, page)
      const answer = { step, attempt, at, isSuccess }
      const tried = page.get(step.action) ?? { action: step.action, successes: 0, failures: 0, best: answer }
      page.set(step.action, tried)
      if (isSuccess) tried.successes++
      else tried.failures++
      const { best } = tried
      const isBetter = isSuccess === best.isSuccess ? step.logprob > best.step.logprob : isSuccess
      if (isBetter) tried.best = answer
    }
  }
  return [...pages.values()].map((page) => [...page.values()])
}

/** The mean of the success rate's posterior under a uniform prior. */
function rate({ successes, failures }: Tried): number {
  return (successes + 1) / (successes + failures + 2)
}

/**
 * The probability that the chosen action succeeds more often than one that only failed, m - 1 times, under uniform priors:
 * 1 - E[(1 - x)^m] for x ~ Beta(successes + 1, failures + 1).
 */
export function certaintyOf(chosen: Pick<Tried, 'successes' | 'failures'>, rejected: Pick<Tried, 'failures'>): number {
  const [a, b] = [chosen.successes + 1, chosen.failures + 1]
  let product = 1
  for (let i = 0; i <= rejected.failures; i++) product *= (b + i) / (a + b + i)
  return 1 - product
}

function pairOf({ task, seed }: Episode, { best: chosen }: Tried, { best: rejected }: Tried): Pair {
  return {
    task,
    seed,
    step: chosen.at,
    chosenAttempt: chosen.attempt,
    rejectedAttempt: rejected.attempt,
    margin: chosen.step.logprob - rejected.step.logprob,
    prompt: chosen.step.prompt,
    chosen: chosen.step.completion,
    rejected: rejected.step.completion,
  }
}
