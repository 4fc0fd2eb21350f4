import i18next from 'i18next'
import { expect, test } from 'vitest'
import { ENGLISH } from '../../../main/messages/en.ts'
import { words } from '../../i18n/en.ts'
import { type Arm, idOf } from './arms.ts'
import { Curves, chartsOf } from './charts.ts'

const t = await i18next.createInstance().init({ lng: 'en', resources: { en: { translation: words, lab: ENGLISH } } })

const arm = (name: string, kept: number | null = null): Arm => {
  return { run: 1, stage: 'dpo', round: 1, arm: name, names: [], lastStep: 2, kept }
}
const curve = (of: Arm, name: string, mean: readonly (number | null)[] = [1, 2]) => {
  const { run, stage, round, arm } = of
  return { run, stage, round, arm, name, steps: mean.map((_, at) => at + 1), mean, low: mean, high: mean }
}

const [dpo, replay] = [arm('dpo'), arm('replay')]
const rewards = [dpo, replay].flatMap((one) => [curve(one, 'rewards/chosen'), curve(one, 'rewards/rejected')])
const common = {
  arms: [dpo, replay],
  colours: ['blue', 'red'],
  several: false,
  curves: new Curves(rewards),
  whole: new Curves([]),
  along: 'step' as const,
  clocks: new Map(),
}

test('charts without a value are left out', () => {
  const curves = new Curves([...rewards, curve(dpo, 'grad_norm', [])])
  const charts = chartsOf(t, 'dpo', { ...common, curves, shown: [dpo] })
  expect(charts.map(({ spec }) => spec.id)).toEqual(['rewards'])
})

test('the lines of one training have the colours of chosen and rejected', () => {
  const [chart] = chartsOf(t, 'dpo', { ...common, shown: [dpo] })
  expect(chart?.series.map(({ label, colour, dashed }) => [label, colour, dashed])).toEqual([
    ['chosen', 'var(--chosen)', false],
    ['rejected', 'var(--rejected)', true],
  ])
})

test('the lines of several trainings have the colours and names of the trainings', () => {
  const [chart] = chartsOf(t, 'dpo', { ...common, shown: [dpo, replay] })
  expect(chart?.series.map(({ label, colour }) => [label, colour])).toEqual([
    ['DPO, chosen', 'blue'],
    ['DPO, rejected', 'blue'],
    ['Golden replay only, chosen', 'red'],
    ['Golden replay only, rejected', 'red'],
  ])
})

test('the step with the kept weights is marked in the loss of a single training', () => {
  const sft = { ...arm('sft', 2), stage: 'sft' }
  const curves = new Curves([curve(sft, 'loss'), curve(sft, 'eval_loss'), curve(sft, 'entropy')])
  const alone = chartsOf(t, 'sft', { ...common, arms: [sft], curves, shown: [sft] })
  expect(alone.map(({ spec, mark }) => [spec.id, mark?.step])).toEqual([
    ['loss', 2],
    ['entropy', undefined],
  ])
  const several = chartsOf(t, 'sft', { ...common, arms: [sft, dpo], curves, shown: [sft, dpo] })
  expect(several.every(({ mark }) => mark === undefined)).toBe(true)
})

test('by tokens, lines and the kept step lie where their training had come to', () => {
  const sft = { ...arm('sft', 2), stage: 'sft' }
  const other = { ...sft, run: 2 }
  const curves = new Curves([
    curve(sft, 'loss'),
    curve(other, 'loss'),
    curve(sft, 'num_tokens', [100, 250]),
    curve(sft, 'tokens_per_second', [100, 50]),
  ])
  const clocks = new Map([sft, other].map((one) => [idOf(one), curves.clock(one)]))
  const shared = { ...common, arms: [sft, other], curves, whole: curves, clocks, along: 'tokens' as const }
  const [chart] = chartsOf(t, 'sft', { ...shared, shown: [sft] })
  expect([chart?.mark?.step, chart?.series[0]?.points]).toEqual([
    250,
    [
      [100, 1],
      [250, 2],
    ],
  ])
  // A training without its tokens is not drawn at wrong places.
  const both = chartsOf(t, 'sft', { ...shared, shown: [sft, other] })
  expect(both.find(({ spec }) => spec.id === 'loss')?.series.length).toBe(1)
  expect(chartsOf(t, 'sft', { ...shared, along: 'time', shown: [sft] })[0]?.series[0]?.points).toEqual([
    [1000, 1],
    [4000, 2],
  ])
})
