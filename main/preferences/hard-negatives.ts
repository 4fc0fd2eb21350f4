/**
 * Hard negatives: at each page on the way of a success, the likeliest possible action that no attempt took there. Whether it is wrong
 * is not assumed: it is played to its end, and rejected only if that fails.
 */
import type { Branch } from '../agent/rollout.ts'
import type { Episode, Step } from '../store/episode.ts'
import { buildPairs, DEFAULT_PAIR_OPTIONS, type Pair, type PairOptions, problems } from './pairs.ts'

/** The arm of these attempts in the store. */
export const HARD_NEGATIVES = 'hard_negatives'

/** An attempt to play: it leaves the way of a success at one of its pages. */
export interface Branching {
  readonly task: string
  readonly seed: number
  readonly attempt: number
  readonly branch: Branch
}

/**
 * A branch for every page of the shortest success of each problem. Their attempts are numbered from `first` on. What any attempt did on the page is
 * barred: what succeeded must not be rejected, and what failed there is known.
 */
export function branchesOf(episodes: readonly Episode[], first: number): Branching[] {
  return problems(episodes).flatMap((attempts) => {
    const [success] = attempts
      .filter(({ outcome }) => outcome === 'success')
      .sort((a, b) => a.steps.length - b.steps.length)
    if (success === undefined) return []
    const taken = Map.groupBy(
      attempts.flatMap(({ steps }) => steps),
      ({ prompt }) => prompt,
    )
    const { task, seed, steps } = success
    return steps.map(({ prompt }, at) => ({
      task,
      seed,
      attempt: first + at,
      branch: {
        answers: steps.slice(0, at).map(answerOf),
        barred: [
          ...new Set(
            taken
              .get(prompt)
              ?.map(({ action }) => action)
              .filter((action) => action !== ''),
          ),
        ],
      },
    }))
  })
}

/** A stored answer. The store has the sum of its log-probabilities alone, so each token has the mean. */
function answerOf({ tokens, logprob }: Step): Branch['answers'][number] {
  return {
    tokens: Int32Array.from(tokens),
    logprobs: new Float32Array(tokens.length).fill(logprob / tokens.length),
    stopped: true,
  }
}

/**
 * The pairs of branches that failed, each against the success whose way it left. A problem has at most `maxPairsPerSeed` pairs with those it
 * has already, and answers far less likely than the success's make none.
 */
export function hardPairs(
  episodes: readonly Episode[],
  branches: readonly Episode[],
  pairs: readonly Pair[],
  options: PairOptions = DEFAULT_PAIR_OPTIONS,
): Pair[] {
  const successes = episodes.filter(({ outcome }) => outcome === 'success')
  const counts = new Map<string, number>()
  const hasRoom = ({ task, seed }: Pair): boolean => {
    const key = JSON.stringify([task, seed])
    const count = counts.get(key) ?? 0
    counts.set(key, count + 1)
    return count < options.maxPairsPerSeed
  }
  pairs.forEach(hasRoom)
  return buildPairs([...successes, ...branches], options).pairs.filter(hasRoom)
}
