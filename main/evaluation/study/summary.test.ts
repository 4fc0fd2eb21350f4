import { expect, test } from 'vitest'
import { ENDINGS } from '../../../testing/endings.ts'
import { sampleStudy } from '../../../testing/sample-study.ts'
import { english } from '../../messages/say.ts'
import { type StudyData, summariseStudy } from './summary.ts'
import { studyVerdict } from './words.ts'

const one = sampleStudy({ seeds: [1, 2, 3, 4, 5], variants: { study: 0.75 } })
const several = sampleStudy({ seeds: [1, 2, 3, 4, 5], variants: { 'as it is': 0.6, 'beta 1': 0.61, 'beta 2': 0.85 } })

const sentences = (data: StudyData) => studyVerdict(summariseStudy(data)).map(english)

test('with one variant DPO is compared with SFT and every control, as one question', () => {
  const { arms, comparisons, seeds, problems } = summariseStudy(one)
  expect({ seeds, problems }).toEqual({ seeds: [1, 2, 3, 4, 5], problems: 60 })
  expect(arms.map(({ id, variant }) => [id, variant])).toEqual([
    ['sft/study', null],
    ['replay/study', null],
    ['success_sft/study', null],
    ['nll_chosen/study', null],
    ['dpo/study', 'study'],
  ])
  expect(comparisons.map(({ of, against, together }) => [of, against, together])).toEqual([
    ['dpo/study', 'sft/study', 4],
    ['dpo/study', 'replay/study', 4],
    ['dpo/study', 'success_sft/study', 4],
    ['dpo/study', 'nll_chosen/study', 4],
  ])
  for (const { p, exact, adjusted, standing, difference, low, high } of comparisons) {
    expect(standing).toBe('better')
    expect(adjusted).toBeGreaterThanOrEqual(Math.max(p, exact))
    expect(low).toBeLessThan(difference)
    expect(high).toBeGreaterThan(difference)
  }
})

test('means are those of the episodes, over all seeds, per task and by seed', () => {
  const { arms } = summariseStudy(one)
  const dpo = arms.find(({ policy }) => policy === 'dpo')!
  const episodes = one.runs.flatMap((run) => run.arms.find(({ name }) => name === 'dpo')!.episodes)
  const share = (own: typeof episodes) => own.filter(({ outcome }) => outcome === 'success').length / own.length
  expect(dpo.overall.mean).toBeCloseTo(share(episodes), 12)
  expect(dpo.tasks['click-tab']?.mean).toBeCloseTo(share(episodes.filter(({ task }) => task === 'click-tab')), 12)
  expect(dpo.bySeed.map(({ seed }) => seed)).toEqual([1, 2, 3, 4, 5])
  expect(dpo.bySeed[1]?.success).toBeCloseTo(share(episodes.slice(60, 120)), 12)
  expect(dpo.overall.low).toBeLessThan(dpo.overall.mean)
})

test('what variants share is one arm; variants are compared with the first as a question of their own', () => {
  const { arms, comparisons } = summariseStudy(several)
  expect(arms.map(({ id }) => id)).toEqual([
    'sft/as it is',
    'replay/as it is',
    'success_sft/as it is',
    'nll_chosen/as it is',
    'dpo/as it is',
    'dpo/beta 1',
    'dpo/beta 2',
  ])
  const between = comparisons.filter(({ against }) => against === 'dpo/as it is')
  expect(between).toMatchObject([
    { of: 'dpo/beta 1', standing: 'same', together: 2 },
    { of: 'dpo/beta 2', standing: 'better', together: 2 },
  ])
  expect(comparisons).toHaveLength(3 * 4 + 2)
})

test('the verdict says what is better, and of the rest what the study could have told', () => {
  const told = sentences(several)
  expect(told).toContainEqual(
    expect.stringMatching(
      /^DPO \(beta 2\) is better than DPO \(as it is\): \+\d\d\.\d points, 95% interval .* over 5 training seeds and 60 problems\.$/,
    ),
  )
  expect(told).toContainEqual(
    expect.stringMatching(
      /^No measurable difference between DPO \(beta 1\) and DPO \(as it is\) .* finds \d+\.\d points or more in four of five cases\.$/,
    ),
  )
  expect(sentences({ ...one, planned: 8 }).at(-1)).toBe('Trainings finished: 5 of 8. These figures are of those.')
})

test('a difference that only one training seed shows is not called real', () => {
  const lucky = sampleStudy({ seeds: [1, 2, 3], variants: { study: 0.6 }, luck: 0.3, problems: 200 })
  const { comparisons } = summariseStudy(lucky)
  expect(comparisons[0]).toMatchObject({ against: 'sft/study', standing: 'same' })
  // On these trainings it is certain; over new ones it is not.
  expect(comparisons[0]!.exact).toBeLessThan(0.01)
})

test('a problem that was broken anywhere is counted for no arm', () => {
  const [first, ...rest] = one.runs
  const arms = first!.arms.map((arm) =>
    arm.name === 'sft'
      ? { ...arm, episodes: [{ ...arm.episodes[0]!, ...ENDINGS.fault }, ...arm.episodes.slice(1)] }
      : arm,
  )
  const summary = summariseStudy({ ...one, runs: [{ ...first!, arms }, ...rest] })
  expect(summary).toMatchObject({ problems: 59, broken: 1 })
})

test('with one seed nothing is compared', () => {
  const data = { ...one, runs: one.runs.slice(0, 1) }
  expect(summariseStudy(data).comparisons).toEqual([])
  expect(sentences(data)).toEqual([
    'Trainings finished: 1 of 5. These figures are of those.',
    'Fewer than two training seeds are finished, so nothing can be compared yet.',
  ])
})

test('arms are compared on the seeds that both have', () => {
  const runs = several.runs.filter(({ variant, seed }) => variant !== 'beta 2' || seed < 4)
  const { arms, comparisons } = summariseStudy({ ...several, runs })
  expect(comparisons.find(({ of, against }) => of === 'dpo/beta 2' && against === 'dpo/as it is')?.seeds).toBe(3)
  // What the variants share stays one arm, although one variant has fewer seeds yet.
  expect(arms.filter(({ policy }) => policy === 'sft')).toMatchObject([{ variant: null, bySeed: { length: 5 } }])
  const late = several.runs.filter(({ variant, seed }) => variant !== 'as it is' || seed < 4)
  const { arms: grown } = summariseStudy({ ...several, runs: late })
  expect(grown.filter(({ policy }) => policy === 'sft')).toMatchObject([{ variant: null, bySeed: { length: 5 } }])
})

test('after several rounds the controls meet DPO of the first round', () => {
  const runs = one.runs.map((run) => ({
    ...run,
    arms: [...run.arms, { name: 'dpo_round_1', episodes: run.arms[0]!.episodes }],
  }))
  const { comparisons } = summariseStudy({ ...one, runs })
  expect(comparisons.map(({ of }) => of)).toEqual(['dpo/study', ...Array(3).fill('dpo_round_1/study')])
})

test('a study that can find nothing says so, also in JSON', () => {
  const tiny = summariseStudy(sampleStudy({ seeds: [1, 2], variants: { study: 0.9 }, problems: 2, luck: 0.3 }))
  expect(JSON.parse(JSON.stringify(tiny)).comparisons.map((one: { detectable: unknown }) => one.detectable)).toEqual(
    tiny.comparisons.map(({ detectable }) => detectable),
  )
  expect(tiny.comparisons.map(({ detectable }) => detectable)).toContain(null)
})
