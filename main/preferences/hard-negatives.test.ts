import { expect, test } from 'vitest'
import { ENDINGS } from '../../testing/endings.ts'
import type { Episode, Outcome } from '../store/episode.ts'
import { branchesOf, hardPairs } from './hard-negatives.ts'
import { buildPairs } from './pairs.ts'

/** An attempt with these actions; the page after some actions depends on them alone. An action of `#2` is that many nats less likely. */
function episode(attempt: number, outcome: Outcome, ...actions: readonly string[]): Episode {
  const steps = actions.map((text, i) => {
    const [action = '', gap = '0'] = text.split('#')
    return {
      page: 'p',
      prompt: `after ${actions.slice(0, i).map((one) => one.split('#')[0])}`,
      completion: `Thought: so\nAction: ${action}`,
      tokens: [1, 2],
      logprob: -1 - Number(gap),
      thought: 'so',
      action,
    }
  })
  return { task: 'task', seed: 1, attempt, instruction: 'do', ...ENDINGS[outcome], steps, duration: 1 }
}

const EPISODES = [
  episode(0, 'success', 'a', 'c', 'd', 'e'),
  episode(1, 'success', 'a', 'b'),
  episode(2, 'failure', 'a', 'x'),
  episode(3, 'failure', 'y'),
]

test('each page of the shortest success is left once, by none of the actions that were taken there', () => {
  expect(branchesOf(EPISODES, 8)).toEqual([
    { task: 'task', seed: 1, attempt: 8, branch: { answers: [], barred: ['a', 'y'] } },
    {
      task: 'task',
      seed: 1,
      attempt: 9,
      branch: {
        answers: [{ tokens: Int32Array.of(1, 2), logprobs: Float32Array.of(-0.5, -0.5), stopped: true }],
        barred: ['c', 'b', 'x'],
      },
    },
  ])
  expect(branchesOf(EPISODES.slice(2), 8)).toEqual([])
})

test('only a branch that failed is rejected, and only if it is nearly as likely', () => {
  const { pairs } = buildPairs(EPISODES)
  const hard = hardPairs(
    EPISODES,
    [episode(8, 'failure', 'z#2', 'w'), episode(9, 'success', 'a', 'v', 'u'), episode(10, 'failure', 'a', 'q#9')],
    pairs,
  )
  expect(hard).toMatchObject([
    {
      step: 0,
      chosenAttempt: 1,
      rejectedAttempt: 8,
      margin: 2,
      chosen: 'Thought: so\nAction: a',
      rejected: 'Thought: so\nAction: z',
    },
  ])
})

test('a problem has at most its share of pairs', () => {
  const { pairs } = buildPairs(EPISODES)
  expect(pairs).toHaveLength(2)
  const branches = [episode(8, 'failure', 'z'), episode(9, 'failure', 'a', 'q')]
  const most = (maxPairsPerSeed: number) => hardPairs(EPISODES, branches, pairs, { maxPairsPerSeed, maxLogprobGap: 3 })
  expect([2, 3, 4].map((count) => most(count).length)).toEqual([0, 1, 2])
})
