import { expect, test } from 'vitest'
import type { Episode } from '../store/episode.ts'
import { advantages, judgedSteps } from './advantages.ts'

// TRL 1.16.0's lines on these rewards: two successes of eight.
const REWARDS = [1, 0, 0, 1, 0, 0, 0, 0]

test('advantages are those of TRL', () => {
  const close = (values: number[], better: number, worse: number) =>
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(REWARDS[i] === 1 ? better : worse, 6)
    })
  close(advantages('grpo', REWARDS), 1.6198351, -0.5399451)
  close(advantages('rloo', REWARDS), 0.8571429, -0.2857143)
  for (const method of ['grpo', 'rloo'] as const) {
    expect(advantages(method, [1, 1, 1]).map(Math.abs)).toEqual([0, 0, 0])
    expect(advantages(method, [1])).toEqual([0])
  }
})

test('each step has the advantage of its attempt; a fault is no attempt, and a problem without contrast is left out', () => {
  const step = (prompt: string) => ({
    page: '',
    prompt,
    completion: 'text',
    tokens: [1, 2],
    logprob: 0,
    thought: '',
    action: '',
  })
  const episode = (seed: number, attempt: number, outcome: Episode['outcome'], prompts: string[]) =>
    ({ task: 'a', seed, attempt, outcome, steps: prompts.map(step) }) as unknown as Episode
  const steps = judgedSteps('rloo', [
    episode(1, 0, 'success', ['x', 'y']),
    episode(1, 1, 'failure', ['x']),
    episode(1, 2, 'fault', ['x']),
    episode(2, 0, 'success', ['x']),
    episode(2, 1, 'success', ['z']),
    episode(3, 0, 'success', ['x']),
  ])
  expect(steps.map(({ seed, prompt, advantage }) => [seed, prompt, advantage])).toEqual([
    [1, 'x', 1],
    [1, 'y', 1],
    [1, 'x', -1],
  ])
  expect(steps[0]!.tokens).toEqual([1, 2])
})
