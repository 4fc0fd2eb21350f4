import { expect, test } from 'vitest'
import type { Metric } from '../store/metrics.ts'
import { curvesSection, inRounds } from './curves.ts'
import { englishWords } from './words.ts'

const metric = (step: number, over: Partial<Metric> = {}): Metric => {
  return { run: 1, stage: 'dpo', round: 1, arm: 'dpo', step, name: 'loss', value: 0.5, ...over }
}

/** The heading of each figure, with the number of lines that it has. */
function figuresOf(metrics: readonly Metric[]): [string, number][] {
  const { markup } = curvesSection(metrics, englishWords)
  return markup
    .split('<figure>')
    .slice(1)
    .map((figure) => [/<b>(.*?)<\/b>/.exec(figure)![1]!, figure.match(/<title>/g)?.length ?? 0])
}

test('rounds follow one another, each where the longest run of the one before ended', () => {
  const { metrics, marks } = inRounds([metric(1), metric(2), metric(3, { arm: 'replay' }), metric(1, { round: 2 })])
  expect(metrics.map(({ step }) => step)).toEqual([1, 2, 3, 4])
  expect(marks).toEqual([3])
  expect(inRounds([metric(1), metric(2)]).marks).toEqual([])
})

test('each stage that was trained has its figures', () => {
  expect(curvesSection([], englishWords).markup).toBe('')
  const sft = [1, 2].flatMap((step) => [
    metric(step, { stage: 'sft', arm: 'sft' }),
    metric(step, { stage: 'sft', arm: 'sft', name: 'eval_loss' }),
  ])
  expect(figuresOf(sft)).toEqual([['SFT loss', 2]])
  const dpo = [1, 2].flatMap((step) => [
    metric(step),
    metric(step, { name: 'rewards/chosen' }),
    metric(step, { name: 'rewards/rejected', value: null }),
    metric(step, { name: 'replay/loss' }),
    metric(step, { name: 'replay/loss', arm: 'nll_chosen' }),
  ])
  expect(figuresOf([...sft, ...dpo])).toEqual([
    ['SFT loss', 2],
    ['DPO loss', 1],
    ['Rewards', 1],
    ['Reward margin', 0],
    ['Accuracy', 0],
    ['Log-probabilities', 0],
    ['Golden samples while training', 2],
  ])
})
