import { expect, test } from 'vitest'
import { createBigramEngine } from '../../testing/bigram-engine.ts'
import { UserError } from '../messages/error.ts'
import type { TrainingState } from './optimize.ts'
import { type Example, evaluateSft, type SftOptions, trainSft } from './sft.ts'
import type { Metrics } from './terms.ts'

const tokens = (...values: number[]) => Int32Array.from(values)
const EXAMPLES: readonly Example[] = [
  { prompt: tokens(1), completion: tokens(2, 3, 0) },
  { prompt: tokens(4), completion: tokens(5, 6, 0) },
  { prompt: tokens(7), completion: tokens(8, 0) },
]
const OPTIONS: SftOptions = {
  learning_rate: 0.2,
  lr_scheduler_type: 'constant',
  warmup_steps: 0,
  max_steps: 40,
  batch_size: 2,
  grad_accumulation_steps: 2,
  weight_decay: 0,
  max_grad_norm: 1,
  seed: 3,
  eval_steps: 5,
  patience: 2,
}

test('learns its examples by heart', async () => {
  const engine = createBigramEngine()
  const seen: Metrics[] = []
  const hooks = { onStep: (_: number, metrics: Metrics) => seen.push(metrics) }
  const result = await trainSft({ engine, adapter: null, examples: EXAMPLES, options: OPTIONS, hooks })
  expect(seen).toHaveLength(40)
  expect(seen[0]!.loss).toBeCloseTo(Math.log(16), 5)
  expect(seen[0]!.entropy).toBeCloseTo(Math.log(16), 5)
  expect(seen[39]!.loss).toBeLessThan(0.1)
  expect(seen[39]!.mean_token_accuracy).toBe(1)
  expect(seen[39]!.learning_rate).toBe(0.2)
  expect(seen[39]!.num_tokens).toBeGreaterThan(seen[38]!.num_tokens!)
  expect(result).toMatchObject({ step: 40, steps: 40, stoppedEarly: false })
  expect((await evaluateSft(engine, null, EXAMPLES, 2)).eval_loss).toBeLessThan(0.1)
})

test('the gradient of a step does not depend on how its batch is split', async () => {
  const after = async (batch_size: number, grad_accumulation_steps: number) => {
    const options = { ...OPTIONS, batch_size, grad_accumulation_steps, max_steps: 3 }
    return (await trainSft({ engine: createBigramEngine(), adapter: null, examples: EXAMPLES, options })).weights
  }
  const whole = (await after(4, 1)).get('table')!.data
  const split = (await after(1, 4)).get('table')!.data
  whole.forEach((value, i) => {
    expect(split[i]).toBeCloseTo(value, 5)
  })
})

test('a weight of zero takes an example out', async () => {
  const engine = createBigramEngine()
  const examples = EXAMPLES.map((example, i) => ({ ...example, weight: i === 0 ? 0 : 1 }))
  await trainSft({ engine, adapter: null, examples, options: OPTIONS })
  expect((await evaluateSft(engine, null, EXAMPLES.slice(2), 1)).eval_loss).toBeLessThan(0.1)
  const table = (await engine.baseWeights()).get('table')!.data
  expect(table[1 * 16 + 2]).toBe(0)
})

test('keeps the best weights and stops when held-out examples no longer improve', async () => {
  const engine = createBigramEngine()
  // After 7 the training examples have 8 and the held-out example 9, so learning makes that ever less likely.
  const evalExamples = [{ prompt: tokens(7), completion: tokens(9, 0) }]
  const result = await trainSft({ engine, adapter: null, examples: EXAMPLES, evalExamples, options: OPTIONS })
  expect(result).toMatchObject({ step: 5, steps: 15, stoppedEarly: true })
  const kept = createBigramEngine(result.weights.get('table')!.data)
  const best = await evaluateSft(kept, null, evalExamples, 1)
  expect(best.eval_loss).toBeLessThan((await evaluateSft(engine, null, evalExamples, 1)).eval_loss)
})

test('a resumed run ends with the same weights, to the bit', async () => {
  const job = { adapter: null, examples: EXAMPLES, evalExamples: EXAMPLES.slice(0, 1), options: OPTIONS }
  const states: TrainingState[] = []
  const onCheckpoint = async (state: TrainingState) => {
    states.push(state)
  }
  const whole = await trainSft({ ...job, engine: createBigramEngine(), hooks: { onCheckpoint, save_steps: 7 } })
  const resume = states[1]!
  expect(resume.step).toBe(14)
  const engine = createBigramEngine(resume.weights.get('table')!.data)
  const seen: Metrics[] = []
  const resumed = await trainSft({ ...job, engine, hooks: { resume, onStep: (_, metrics) => seen.push(metrics) } })
  expect(seen).toHaveLength(whole.steps - 14)
  expect(resumed.weights).toEqual(whole.weights)
  expect(resumed).toMatchObject({ step: whole.step, steps: whole.steps })
})

test('a cancelled run stores its state and throws the reason', async () => {
  const controller = new AbortController()
  const states: TrainingState[] = []
  const hooks = {
    signal: controller.signal,
    onStep: (step: number) => step === 6 && controller.abort(new Error('stopped by the user')),
    onCheckpoint: async (state: TrainingState) => {
      states.push(state)
    },
  }
  const run = trainSft({ engine: createBigramEngine(), adapter: null, examples: EXAMPLES, options: OPTIONS, hooks })
  await expect(run).rejects.toThrow('stopped by the user')
  expect(states.map(({ step }) => step)).toEqual([6])
})

test('a run that is cancelled within a step stores the last whole step, and ends as if it had not been', async () => {
  const job = { adapter: null, examples: EXAMPLES, options: { ...OPTIONS, max_steps: 12 } }
  const whole = await trainSft({ ...job, engine: createBigramEngine() })
  const controller = new AbortController()
  const engine = createBigramEngine()
  let calls = 0
  const stopping: typeof engine = {
    ...engine,
    async accumulate(forest, dLoss, dropoutSeed, signal) {
      const scores = await engine.accumulate(forest, dLoss, dropoutSeed)
      if (++calls === 10) controller.abort(new Error('stopped by the user'))
      signal?.throwIfAborted()
      return scores
    },
  }
  const states: TrainingState[] = []
  const onCheckpoint = async (state: TrainingState) => void states.push(state)
  const stopped = trainSft({ ...job, engine: stopping, hooks: { signal: controller.signal, onCheckpoint } })
  await expect(stopped).rejects.toThrow('stopped by the user')
  const [resume] = states
  expect(resume!.step).toBeGreaterThan(0)
  expect(resume!.step).toBeLessThan(10)
  const resumed = createBigramEngine(resume!.weights.get('table')!.data)
  expect((await trainSft({ ...job, engine: resumed, hooks: { resume: resume! } })).weights).toEqual(whole.weights)
})

test('a loss that is no number ends the run', async () => {
  const engine = createBigramEngine(new Float32Array(256).fill(Number.NaN))
  await expect(trainSft({ engine, adapter: null, examples: EXAMPLES, options: OPTIONS })).rejects.toThrow(
    new UserError('lossNotFinite', { loss: Number.NaN, step: 1 }),
  )
})

test('nothing to learn from is an error', async () => {
  await expect(
    trainSft({ engine: createBigramEngine(), adapter: null, examples: [], options: OPTIONS }),
  ).rejects.toThrow('no examples')
})
