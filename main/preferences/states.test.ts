import { expect, test } from 'vitest'
import { ENDINGS } from '../../testing/endings.ts'
import type { Episode, Outcome } from '../store/episode.ts'
import { pairsOf } from './contrasts.ts'
import { buildStatePairs, certaintyOf } from './states.ts'

/** An attempt with these actions. "action/-3" gives an action's answer another log-probability than -1. */
function episode(attempt: number, outcome: Outcome, texts: readonly string[], seed = 1): Episode {
  const actions = texts.map((text) => text.split('/')[0]!)
  const steps = texts.map((text, i) => ({
    page: '',
    prompt: `after ${actions.slice(0, i).join()}`,
    completion: `${actions[i]} of ${attempt}`,
    tokens: [1],
    logprob: Number(text.split('/')[1] ?? -1),
    thought: '',
    action: actions[i]!,
  }))
  return { task: 'task', seed, attempt, instruction: 'do', ...ENDINGS[outcome], steps, duration: 1 }
}

const short = (episodes: readonly Episode[]) =>
  buildStatePairs(episodes).pairs.map(({ prompt, chosen, rejected }) => [prompt, chosen, rejected])

test('at each page the action that succeeded most is preferred to those that never did', () => {
  const pairs = short([
    episode(0, 'success', ['a', 'b']),
    episode(1, 'success', ['a/-0.5', 'b']),
    episode(2, 'failure', ['a', 'c']),
    episode(3, 'failure', ['d']),
  ])
  expect(pairs).toEqual([
    ['after a', 'b of 0', 'c of 2'],
    ['after ', 'a of 1', 'd of 3'],
  ])
})

test('an action that another attempt succeeded with is never rejected', () => {
  const episodes = [
    episode(0, 'success', ['a']),
    episode(1, 'success', ['b', 'x']),
    episode(2, 'failure', ['b', 'y']),
    episode(3, 'failure', ['b', 'y']),
  ]
  expect(pairsOf('attempts', episodes).pairs.map(({ rejected }) => rejected)).toContain('b of 2')
  expect(pairsOf('states', episodes).pairs.map(({ rejected }) => rejected)).toEqual(['y of 2'])
})

test('a pair is made only where the difference is likely, and the answers are about as likely', () => {
  // One success of four tries against one failure may be luck.
  const rare = [0, 1, 2, 3].map((attempt) => episode(attempt, attempt === 0 ? 'success' : 'failure', ['a', 'z']))
  expect(short([...rare, episode(4, 'failure', ['b'])])).toEqual([])
  const { pairs, counts } = buildStatePairs([episode(0, 'success', ['a']), episode(1, 'failure', ['b/-5'])])
  expect([pairs.length, counts.slips]).toEqual([0, 1])
})

test('the most certain pairs of a problem are kept, and problems are counted', () => {
  const episodes = [
    episode(0, 'success', ['a']),
    episode(1, 'failure', ['b']),
    episode(2, 'failure', ['c']),
    episode(3, 'failure', ['c']),
    episode(4, 'fault', ['d']),
    episode(0, 'success', ['a'], 2),
    episode(0, 'failure', ['a'], 3),
  ]
  const { pairs, counts } = buildStatePairs(episodes, { maxPairsPerSeed: 1, maxLogprobGap: 3 })
  expect(pairs.map(({ rejected }) => rejected)).toEqual(['c of 2'])
  expect(counts).toMatchObject({
    pairs: 1,
    overCap: 1,
    seeds: 3,
    seedsOnlySuccesses: 1,
    seedsOnlyFailures: 1,
    faults: 1,
  })
})

test('the certainty is the probability under uniform priors', () => {
  // x ~ Beta(2, 1) against y ~ Beta(1, 2): P(x > y) = 5/6. Alike: 1/2.
  expect(certaintyOf({ successes: 1, failures: 0 }, { failures: 1 })).toBeCloseTo(5 / 6, 12)
  expect(certaintyOf({ successes: 0, failures: 2 }, { failures: 2 })).toBeCloseTo(1 / 2, 12)
})
