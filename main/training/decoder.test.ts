/** The trainers on a real decoder with LoRA. The bigram engine sees only the last token of a prompt. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { TESTS_NATIVE } from '../../testing/native.ts'
import { randomModel } from '../../testing/random-model.ts'
import { PROJECTIONS } from '../config/choices.ts'
import { initLora } from '../engine/adapter/adapter.ts'
import type { Engine, LoraConfig } from '../engine/engine.ts'
import { qwen2 } from '../engine/families.ts'
import { createNativeEngine } from '../engine/native/engine.ts'
import { createTfjsEngine } from '../engine/tfjs/engine.ts'
import type { TrainingState } from './optimize.ts'
import { evaluatePairs, type PreferenceOptions, referenceLogps, trainPreference } from './preference.ts'
import { trainSft } from './sft.ts'
import type { Metrics } from './terms.ts'

const CONFIG = qwen2({
  vocab_size: 24,
  hidden_size: 32,
  intermediate_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  rms_norm_eps: 1e-6,
  rope_theta: 1e4,
  max_position_embeddings: 64,
  tie_word_embeddings: true,
})
const LORA: LoraConfig = {
  r: 4,
  lora_alpha: 8,
  lora_dropout: 0.1,
  target_modules: PROJECTIONS,
}
const tokens = (...values: number[]) => Int32Array.from(values)
/** The right answer depends on a token before the prompt's last one. */
const EXAMPLES = [
  { prompt: tokens(5, 9, 1), completion: tokens(6, 0) },
  { prompt: tokens(7, 9, 1), completion: tokens(8, 0) },
  { prompt: tokens(3, 4, 1), completion: tokens(10, 11, 0) },
]
const PAIRS = [
  { prompt: tokens(5, 9, 2), chosen: tokens(12, 0), rejected: tokens(13, 0) },
  { prompt: tokens(7, 9, 2), chosen: tokens(13, 0), rejected: tokens(12, 0) },
]
const OPTIONS: PreferenceOptions = {
  learning_rate: 2e-2,
  lr_scheduler_type: 'constant_with_warmup',
  warmup_steps: 2,
  max_steps: 24,
  batch_size: 3,
  grad_accumulation_steps: 1,
  weight_decay: 0.01,
  max_grad_norm: 1,
  seed: 1,
  loss_type: 'sigmoid',
  beta: 0.5,
  label_smoothing: 0,
  desirable_weight: 1,
  undesirable_weight: 1,
  rpo_alpha: 1,
  imitation: 0.5,
  replay: 0.5,
  max_length: null,
}

let engine: Engine
beforeAll(async () => {
  const base = randomModel(CONFIG, 3, 0.2)
  engine = TESTS_NATIVE
    ? await createNativeEngine(CONFIG, base, { threads: 1 })
    : await createTfjsEngine(CONFIG, base, { backend: 'cpu' })
  await engine.addAdapter('policy', LORA, initLora(CONFIG, LORA, 4))
})
afterAll(() => engine.close())

test('SFT learns answers by heart, DPO then prefers by prompt and keeps them', { timeout: 120_000 }, async () => {
  const seen: Metrics[] = []
  const onStep = (_: number, metrics: Metrics) => seen.push(metrics)
  const options = { ...OPTIONS, max_steps: 40, eval_steps: 10, patience: 3 }
  await trainSft({ engine, adapter: 'policy', examples: EXAMPLES, options, hooks: { onStep } })
  expect(seen[0]!.loss).toBeGreaterThan(2)
  expect(seen.at(-1)!.loss).toBeLessThan(0.6)

  const reference = await referenceLogps(engine, 'policy', PAIRS, OPTIONS)
  const before = await evaluatePairs(engine, 'policy', PAIRS, reference, OPTIONS)
  const objective = { method: 'dpo', pairs: PAIRS, reference, examples: EXAMPLES } as const
  const start = await engine.adapterWeights('policy')
  const states: TrainingState[] = []
  const onCheckpoint = async (state: TrainingState) => {
    states.push(state)
  }
  seen.length = 0
  const job = { engine, adapter: 'policy', objective, golden: EXAMPLES, options: OPTIONS }
  const whole = await trainPreference({ ...job, hooks: { onStep, onCheckpoint, save_steps: 14 } })
  const after = await evaluatePairs(engine, 'policy', PAIRS, reference, OPTIONS)
  expect(before['eval_rewards/margins']).toBe(0)
  expect(after['eval_rewards/margins']).toBeGreaterThan(1)
  expect(after['eval_rewards/accuracies']).toBe(1)
  expect(after['eval_logps/chosen']).toBeGreaterThan(before['eval_logps/chosen']!)
  expect(seen.at(-1)!['replay/loss']).toBeLessThan(0.6)

  // Resumed from a checkpoint into a fresh adapter: the same steps, dropout included.
  const resume = states[0]!
  await engine.addAdapter('resumed', LORA, resume.weights)
  const resumed = await trainPreference({ ...job, adapter: 'resumed', hooks: { resume } })
  for (const [name, { data }] of whole.weights) {
    const again = resumed.weights.get(name)!.data
    expect(again).not.toEqual(start.get(name)!.data)
    for (const [i, value] of data.entries()) expect(again[i]).toBeCloseTo(value, 5)
  }
})
