import { expect, test } from 'vitest'
import { ENDINGS } from '../../testing/endings.ts'
import type { Episode, Outcome } from '../store/episode.ts'
import { buildPairs } from './pairs.ts'
import { successSteps } from './successes.ts'

/**
 * An attempt with these actions. The page after some actions depends only on them, as in a seeded task.
 * "action/thought" gives an action a thought of its own.
 */
function episode(
  attempt: number,
  outcome: Outcome,
  actions: readonly string[],
  overrides: { readonly task?: string; readonly seed?: number } = {},
): Episode {
  const steps = actions.map((text, i) => {
    const [action = '', thought = 'so'] = text.split('/')
    const done = actions.slice(0, i).map((before) => before.split('/')[0])
    return {
      page: `page after ${done.join(',')}`,
      prompt: `${overrides.task ?? 'task'} ${overrides.seed ?? 1} after ${done.join(',')}`,
      completion: `Thought: ${thought}\nAction: ${action}`,
      tokens: [1],
      logprob: -1,
      thought,
      action,
    }
  })
  return {
    task: 'task',
    seed: 1,
    attempt,
    instruction: 'do',
    ...ENDINGS[outcome],
    steps,
    duration: 1,
    ...overrides,
  }
}

test('a pair is cut at the first differing action', () => {
  const { pairs, counts } = buildPairs([
    episode(0, 'failure', ['a', 'b', 'x']),
    episode(1, 'success', ['a', 'b', 'c', 'd']),
  ])
  expect(pairs).toEqual([
    {
      task: 'task',
      seed: 1,
      step: 2,
      chosenAttempt: 1,
      rejectedAttempt: 0,
      margin: 0,
      prompt: 'task 1 after a,b',
      chosen: 'Thought: so\nAction: c',
      rejected: 'Thought: so\nAction: x',
    },
  ])
  expect(counts).toMatchObject({ episodes: 2, successes: 1, failures: 1, seeds: 1, pairs: 1 })
})

test('a different thought before the same action is not a difference', () => {
  const { pairs, counts } = buildPairs([episode(0, 'failure', ['a/one', 'x']), episode(1, 'success', ['a/two', 'b'])])
  expect(pairs.map(({ step }) => step)).toEqual([1])
  expect(counts.pairs).toBe(1)
  const same = buildPairs([episode(0, 'failure', ['a/one']), episode(1, 'success', ['a/two'])])
  expect(same.pairs).toEqual([])
  expect(same.counts).toMatchObject({ sameActions: 1, pairs: 0 })
})

test('the shortest success is chosen; of equally short ones the one that agrees longest', () => {
  const { pairs } = buildPairs([
    episode(0, 'success', ['y', 'x', 'a', 'b']),
    episode(1, 'success', ['b', 'a']),
    episode(2, 'success', ['a', 'b']),
    episode(3, 'failure', ['a', 'x']),
    episode(4, 'failure', ['y', 'z']),
  ])
  expect(pairs.map(({ chosenAttempt, rejectedAttempt, step }) => [chosenAttempt, rejectedAttempt, step])).toEqual([
    [2, 3, 1],
    [1, 4, 0],
  ])
})

test('faults are never paired', () => {
  const { pairs, counts } = buildPairs([
    episode(0, 'fault', ['x']),
    episode(1, 'success', ['a']),
    episode(2, 'fault', []),
  ])
  expect(pairs).toEqual([])
  expect(counts).toMatchObject({ faults: 2, seeds: 1, seedsOnlySuccesses: 1 })
})

test('a completion that cannot be parsed is a failure like any other', () => {
  const { pairs } = buildPairs([episode(0, 'failure', ['']), episode(1, 'success', ['a'])])
  expect(pairs.map(({ rejected }) => rejected)).toEqual(['Thought: so\nAction: '])
})

test('only attempts at the same problem are compared', () => {
  const { pairs, counts } = buildPairs([
    episode(0, 'failure', ['x'], { seed: 1 }),
    episode(0, 'success', ['a'], { seed: 2 }),
    episode(0, 'success', ['a'], { seed: 1, task: 'other' }),
  ])
  expect(pairs).toEqual([])
  expect(counts).toMatchObject({ seeds: 3, seedsOnlySuccesses: 2, seedsOnlyFailures: 1 })
})

test('failures without a pair are counted by reason', () => {
  const other = episode(6, 'failure', ['a', 'q'])
  const { pairs, counts } = buildPairs(
    [
      episode(0, 'success', ['a', 'b']),
      episode(1, 'failure', ['x']),
      episode(2, 'failure', ['x']),
      episode(3, 'failure', ['y']),
      episode(4, 'failure', ['z']),
      episode(5, 'failure', ['a']),
      { ...other, steps: [other.steps[0]!, { ...other.steps[1]!, prompt: 'another page' }] },
    ],
    { maxPairsPerSeed: 2, maxLogprobGap: 3 },
  )
  expect(pairs.map(({ rejectedAttempt }) => rejectedAttempt)).toEqual([1, 3])
  expect(counts).toEqual({
    episodes: 7,
    successes: 1,
    failures: 6,
    faults: 0,
    seeds: 1,
    seedsOnlySuccesses: 0,
    seedsOnlyFailures: 0,
    pairs: 2,
    sameActions: 0,
    pageDiffers: 1,
    ended: 1,
    duplicates: 1,
    slips: 0,
    overCap: 1,
    hard: 0,
  })
})

test('two seeds with the same page give two pairs', () => {
  const same = [episode(0, 'failure', ['x']), episode(1, 'success', ['a'])]
  const { pairs, counts } = buildPairs([...same, ...same.map((attempt) => ({ ...attempt, seed: 2 }))])
  expect(pairs.map(({ seed }) => seed)).toEqual([1, 2])
  expect(counts.duplicates).toBe(0)
})

test('every failure of a paired problem has a pair or a reason', () => {
  const actions = ['a', 'b', 'c']
  const episodes = Array.from({ length: 200 }, (_, i) =>
    episode(i % 10, i % 3 === 0 ? 'success' : 'failure', [actions[(i * 7) % 3]!, actions[(i * 5) % 3]!], {
      seed: Math.floor(i / 10),
    }),
  )
  const { counts } = buildPairs(episodes)
  const { failures, pairs, sameActions, pageDiffers, ended, duplicates, slips, overCap } = counts
  expect(pairs + sameActions + pageDiffers + ended + duplicates + slips + overCap).toBe(failures)
})

test('successes are imitated step by step, with each answer once', () => {
  const steps = successSteps([
    episode(0, 'success', ['a', 'b']),
    episode(1, 'success', ['a', 'b']),
    episode(2, 'failure', ['x']),
    episode(3, 'success', ['a/else', 'b']),
  ])
  expect(steps.map(({ completion }) => completion)).toEqual([
    'Thought: so\nAction: a',
    'Thought: so\nAction: b',
    'Thought: else\nAction: a',
  ])
})

test('a failure that was far less likely than the success is a slip and gives no pair', () => {
  const unlikely = episode(1, 'failure', ['b'])
  const slip = { ...unlikely, steps: unlikely.steps.map((step) => ({ ...step, logprob: -4.5 })) }
  const likely = episode(2, 'failure', ['c'])
  const error = { ...likely, steps: likely.steps.map((step) => ({ ...step, logprob: -2.5 })) }
  const { pairs, counts } = buildPairs([episode(0, 'success', ['a']), slip, error])
  expect(pairs).toMatchObject([{ rejectedAttempt: 2, margin: 1.5 }])
  expect(counts).toMatchObject({ pairs: 1, slips: 1 })
})
