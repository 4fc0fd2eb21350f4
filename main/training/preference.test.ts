import { describe, expect, test } from 'vitest'
import { createBigramEngine } from '../../testing/bigram-engine.ts'
import { UserError } from '../messages/error.ts'
import { type LossType, PREFERENCE_LOSSES } from './losses.ts'
import type { TrainingState } from './optimize.ts'
import { playedLogps } from './policy-gradient.ts'
import {
  evaluatePairs,
  type Objective,
  type PreferenceOptions,
  referenceLogps,
  type TokenPair,
  trainPreference,
} from './preference.ts'
import { type Example, evaluateSft } from './sft.ts'
import type { Metrics } from './terms.ts'

const tokens = (...values: number[]) => Int32Array.from(values)
const PAIRS: readonly TokenPair[] = [
  { prompt: tokens(9, 1), chosen: tokens(2, 3, 0), rejected: tokens(4, 0) },
  { prompt: tokens(9, 1), chosen: tokens(2, 3, 0), rejected: tokens(5, 6, 0) },
  { prompt: tokens(9, 7), chosen: tokens(8, 0), rejected: tokens(4, 0) },
  { prompt: tokens(9, 10), chosen: tokens(11, 0), rejected: tokens(2, 3, 0) },
]
/** Steps of successes: those of the pairs, and one that is in no pair. */
const SUCCESSES = [
  ...PAIRS.map(({ prompt, chosen }) => ({ prompt, completion: chosen })),
  { prompt: tokens(9, 14), completion: tokens(15, 0) },
]
const GOLDEN = [{ prompt: tokens(12), completion: tokens(13, 0) }]
const OPTIONS: PreferenceOptions = {
  learning_rate: 0.05,
  lr_scheduler_type: 'linear',
  warmup_steps: 2,
  max_steps: 30,
  batch_size: 2,
  grad_accumulation_steps: 2,
  weight_decay: 0,
  max_grad_norm: 1,
  seed: 5,
  loss_type: 'sigmoid',
  beta: 0.5,
  label_smoothing: 0.1,
  desirable_weight: 1,
  undesirable_weight: 1,
  rpo_alpha: 1,
  imitation: 0,
  replay: 0.5,
  max_length: null,
}

/** An SFT policy that is not uniform, so that the reference has an effect. */
const START = Float32Array.from({ length: 256 }, (_, i) => Math.sin(i))

/** The chosen completions did better than the rejected ones. */
async function judgedObjective(
  method: 'rloo' | 'grpo',
  engine: ReturnType<typeof createBigramEngine>,
  options: PreferenceOptions,
): Promise<Objective> {
  const judged = PAIRS.flatMap(({ prompt, chosen, rejected }) => [
    { prompt, completion: chosen, advantage: 1 },
    { prompt, completion: rejected, advantage: -1 },
  ])
  return { method, judged, played: await playedLogps(engine, null, judged, options) }
}

async function train(method: Objective['method'], overrides: Partial<PreferenceOptions> = {}) {
  const engine = createBigramEngine(START)
  const options = { ...OPTIONS, ...overrides }
  const reference = await referenceLogps(engine, null, PAIRS, options)
  const objectives: Record<Objective['method'], Objective> = {
    dpo: { method: 'dpo', pairs: PAIRS, reference, examples: SUCCESSES },
    nll_chosen: { method: 'nll_chosen', pairs: PAIRS },
    success_sft: { method: 'success_sft', examples: SUCCESSES },
    replay: { method: 'replay' },
    rloo: await judgedObjective('rloo', engine, options),
    grpo: await judgedObjective('grpo', engine, options),
  }
  const seen: Metrics[] = []
  const hooks = { onStep: (_: number, metrics: Metrics) => seen.push(metrics) }
  const job = { engine, adapter: null, objective: objectives[method], golden: GOLDEN, options }
  const result = await trainPreference({ ...job, hooks })
  return { engine, reference, options, seen, result, job }
}

describe.each(Object.keys(PREFERENCE_LOSSES) as LossType[])('%s', (loss_type) => {
  test('raises the margins on its pairs and the likelihood of the golden samples', async () => {
    const { engine, reference, options, seen } = await train('dpo', { loss_type })
    const before = createBigramEngine(START)
    const start = await evaluatePairs(before, null, PAIRS, reference, options)
    const end = await evaluatePairs(engine, null, PAIRS, reference, options)
    expect(start['eval_rewards/margins']).toBeCloseTo(0, 6)
    expect(end['eval_rewards/margins']).toBeGreaterThan(0.5)
    expect(end['eval_rewards/accuracies']).toBe(1)
    expect(end.eval_loss).toBeLessThan(start.eval_loss)
    expect(end['eval_logps/chosen']).toBeGreaterThan(start['eval_logps/chosen']!)
    expect((await evaluateSft(engine, null, GOLDEN, 1)).eval_loss).toBeLessThan(
      (await evaluateSft(before, null, GOLDEN, 1)).eval_loss,
    )
    expect(seen).toHaveLength(30)
  })
})

test('the first step of DPO starts at log 2 and reports the names of TRL', async () => {
  const { seen } = await train('dpo', { rpo_alpha: 0, replay: 0 })
  expect(seen[0]!.loss).toBeCloseTo(Math.log(2), 6)
  expect(Object.keys(seen[0]!).sort()).toEqual(
    [
      'entropy',
      'grad_norm',
      'learning_rate',
      'logps/chosen',
      'logps/rejected',
      'loss',
      'mean_token_accuracy',
      'nll_loss',
      'num_tokens',
      'rewards/accuracies',
      'rewards/chosen',
      'rewards/margins',
      'rewards/rejected',
      'tokens_per_second',
    ].sort(),
  )
})

test('mean_token_accuracy is of the chosen tokens alone, as in TRL', async () => {
  // Every chosen token is the likeliest at its place; rejected tokens are not.
  const table = new Float32Array(256)
  for (const { prompt, chosen } of PAIRS) {
    const sequence = [...prompt.slice(-1), ...chosen]
    for (let i = 1; i < sequence.length; i++) table[16 * sequence[i - 1]! + sequence[i]!] = 5
  }
  const seen: Metrics[] = []
  const reference = await referenceLogps(createBigramEngine(table), null, PAIRS, OPTIONS)
  await trainPreference({
    engine: createBigramEngine(table),
    adapter: null,
    objective: { method: 'dpo', pairs: PAIRS, reference, examples: [] },
    golden: GOLDEN,
    options: { ...OPTIONS, max_steps: 1 },
    hooks: { onStep: (_, metrics) => void seen.push(metrics) },
  })
  expect(seen[0]?.mean_token_accuracy).toBe(1)
})

test('the gradient is the slope of the whole loss', async () => {
  const engine = createBigramEngine(START)
  const reference = await referenceLogps(createBigramEngine(), null, PAIRS, OPTIONS)
  const lossAt = async (table: Float32Array) => {
    const { eval_loss } = await evaluatePairs(createBigramEngine(table), null, PAIRS, reference, OPTIONS)
    const golden = await evaluateSft(createBigramEngine(table), null, GOLDEN, 1)
    return eval_loss + OPTIONS.replay * golden.eval_loss
  }
  // One step on all data. The step clears the gradients, so they are read just before it.
  const gradients: Float32Array[] = []
  const watched = {
    ...engine,
    step: async (adamW: Parameters<typeof engine.step>[0]) => {
      gradients.push((await engine.gradients()).get('table')!.data)
      return engine.step(adamW)
    },
  }
  const options = { ...OPTIONS, max_steps: 1 }
  await trainPreference({
    engine: watched,
    adapter: null,
    objective: { method: 'dpo', pairs: PAIRS, reference, examples: SUCCESSES },
    golden: GOLDEN,
    options,
  })
  const h = 1e-2
  for (const index of [1 * 16 + 2, 1 * 16 + 4, 7 * 16 + 8, 12 * 16 + 13, 3 * 16 + 0]) {
    const moved = (by: number) => START.map((value, i) => (i === index ? value + by : value))
    const slope = ((await lossAt(moved(h))) - (await lossAt(moved(-h)))) / (2 * h)
    expect(gradients[0]![index]).toBeCloseTo(slope, 4)
  }
})

test('imitation holds the steps of successes that no pair is about', async () => {
  const step = SUCCESSES.slice(-1)
  const nll = async (imitation: number) =>
    (await evaluateSft((await train('dpo', { imitation })).engine, null, step, 1)).eval_loss
  const start = (await evaluateSft(createBigramEngine(START), null, step, 1)).eval_loss
  expect(await nll(0)).toBeCloseTo(start, 2)
  expect(await nll(1)).toBeLessThan(start - 0.5)
})

test('replay keeps what plain DPO forgets', async () => {
  const kept = await train('dpo', { replay: 0.5 })
  const lost = await train('dpo', { replay: 0 })
  const golden = async ({ engine }: typeof kept) => (await evaluateSft(engine, null, GOLDEN, 1)).eval_loss
  expect(await golden(kept)).toBeLessThan(await golden(lost))
})

test.each(['nll_chosen', 'success_sft'] as const)(
  'the control %s learns chosen completions and golden samples',
  async (method) => {
    const { seen } = await train(method)
    expect(seen.at(-1)!.loss).toBeLessThan(seen[0]!.loss! - 0.5)
    expect(seen.at(-1)!['replay/loss']).toBeLessThan(seen[0]!['replay/loss']!)
  },
)

test.each(['rloo', 'grpo'] as const)('%s raises what did better above what did worse', async (method) => {
  const { engine, reference, options, seen } = await train(method)
  const end = await evaluatePairs(engine, null, PAIRS, reference, options)
  expect(end['eval_rewards/accuracies']).toBe(1)
  expect(seen.at(-1)!['replay/loss']).toBeLessThan(seen[0]!['replay/loss']!)
  expect(seen[0]!['clip_ratio/region_mean']).toBe(0)
})

test('the control replay learns golden samples and nothing of the pairs', async () => {
  const { engine, seen } = await train('replay')
  expect(seen.at(-1)!.loss).toBeLessThan(seen[0]!.loss!)
  const table = (await engine.baseWeights()).get('table')!.data
  expect(table[1 * 16 + 2]).toBe(START[1 * 16 + 2])
})

test('a resumed run ends with the same weights, to the bit', async () => {
  const { job, result } = await train('dpo')
  const states: TrainingState[] = []
  const onCheckpoint = async (state: TrainingState) => {
    states.push(state)
  }
  await trainPreference({ ...job, engine: createBigramEngine(START), hooks: { onCheckpoint, save_steps: 11 } })
  const resume = states[0]!
  const engine = createBigramEngine(resume.weights.get('table')!.data)
  const resumed = await trainPreference({ ...job, engine, hooks: { resume } })
  expect(resume.step).toBe(11)
  expect(resumed.weights).toEqual(result.weights)
})

test('nothing to learn from is an error', async () => {
  const engine = createBigramEngine()
  const job = { engine, adapter: null, golden: GOLDEN, options: OPTIONS }
  await expect(
    trainPreference({ ...job, objective: { method: 'dpo', pairs: [], reference: [], examples: [] } }),
  ).rejects.toThrow('no pairs')
  await expect(
    trainPreference({ ...job, objective: { method: 'dpo', pairs: PAIRS, reference: [], examples: [] } }),
  ).rejects.toThrow('reference log-probabilities')
  await expect(trainPreference({ ...job, objective: { method: 'replay' }, golden: [] })).rejects.toThrow('no examples')
})

test('KTO’s mismatched completions are cut where they do not fit', async () => {
  const engine = createBigramEngine(START)
  const lengths: number[] = []
  const measured: typeof engine = {
    ...engine,
    logprobs(forest, ...rest) {
      lengths.push(...forest.map(({ tokens, parent }) => tokens.length + (forest[parent]?.tokens.length ?? 0)))
      return engine.logprobs(forest, ...rest)
    },
  }
  const pairs = [
    { prompt: tokens(1, 2, 3, 4, 5), chosen: tokens(6), rejected: tokens(7) },
    { prompt: tokens(1), chosen: tokens(2, 3, 4, 5, 6), rejected: tokens(7) },
  ]
  const options = { ...OPTIONS, loss_type: 'kto', max_length: 6 } as const
  const reference = await referenceLogps(measured, null, pairs, options)
  const golden: Example[] = []
  const job = { adapter: null, golden, options: { ...options, replay: 0, max_steps: 1 } }
  const objective = { method: 'dpo', pairs, reference, examples: [] } as const
  await trainPreference({ ...job, engine: measured, objective })
  expect(Math.max(...lengths)).toBe(6)
})

test('a training that diverges ends with a sentence', async () => {
  const error = await train('dpo', { learning_rate: 1e38, warmup_steps: 0, lr_scheduler_type: 'constant' }).then(
    null,
    (thrown) => thrown,
  )
  expect(error).toBeInstanceOf(UserError)
  expect(error.message).toMatch(/the training has diverged\. Begin a new run with a lower learning rate/)
})

test('a reference that has diverged is told before training', async () => {
  const engine = createBigramEngine(START.map((value) => value * Number.POSITIVE_INFINITY))
  await expect(referenceLogps(engine, null, PAIRS, OPTIONS)).rejects.toThrow(/reference policy gives no finite/)
})
