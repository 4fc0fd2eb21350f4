/** Measures what frozen weights in bf16 and NF4 cost: how far log-probabilities of answers are from float32's. */

import { join } from 'node:path'
import type { HeadPrecision, Precision } from '../main/config/choices.ts'
import { loadCheckpoint } from '../main/engine/checkpoint/checkpoint.ts'
import type { Forest, ModelConfig, Tensors } from '../main/engine/engine.ts'
import { qwen2 } from '../main/engine/families.ts'
import { storedAs } from '../main/engine/holding.ts'
import { createNativeEngine } from '../main/engine/native/engine.ts'
import { uniformStream } from '../main/engine/random.ts'
import { loadTokenizer } from '../main/engine/tokenizer/tokenizer.ts'
import { PROJECT_ROOT } from '../main/files/paths.ts'
import { makeLesson } from '../models/pretraining/curriculum.ts'
import { lessonForest } from '../models/pretraining/lesson-tokens.ts'
import { createRandom } from '../models/pretraining/random.ts'
import { randomModel } from '../testing/random-model.ts'
import { figure, type Reporter } from './figure.ts'

const BENCH = 'precision'
/** Seeds of pages that the shipped model has not seen: pretraining used lower ones. */
const LESSON_SEED = 2_000_000_000

const FORMS: readonly (readonly [Precision, HeadPrecision])[] = [
  ['bf16', 'bf16'],
  ['int8', 'int8'],
  ['nf4', 'bf16'],
  ['nf4', 'int8'],
  ['nf4', 'nf4'],
]

interface Subject {
  readonly name: string
  readonly config: ModelConfig
  readonly tensors: Tensors
  readonly batches: readonly Forest[]
}

/**
 * Reports the mean and the largest absolute difference of a target's log-probability, and the fall of the mean
 * log-probability: for the shipped model on answers it was made for, and for random weights on random tokens. All products
 * are exact, so that the differences come from the stored weights alone.
 */
export async function benchPrecision(report: Reporter, quick: boolean): Promise<void> {
  for (const { name, config, tensors, batches } of [await shipped(quick ? 1 : 5), random(quick ? 1 : 5)]) {
    const exact = await logprobs(config, tensors, batches, 'fp32', 'bf16')
    for (const [precision, headPrecision] of FORMS) {
      const stored = await logprobs(config, tensors, batches, precision, headPrecision)
      const differences = stored.map((logprob, i) => logprob - exact[i]!)
      const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
      const say = (what: string, value: number) =>
        report.figure(figure(BENCH, `${name}, ${precision}, head ${headPrecision}: ${what}`, 'nats', value))
      say('mean difference', mean(differences.map(Math.abs)))
      say(
        'largest difference',
        differences.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
      )
      say('fall of the mean', -mean(differences))
    }
    report.note(
      `${name}: ${exact.length} targets, mean log-probability ${(exact.reduce((a, b) => a + b, 0) / exact.length).toFixed(3)}.`,
    )
  }
}

async function logprobs(
  config: ModelConfig,
  tensors: Tensors,
  batches: readonly Forest[],
  precision: Precision,
  headPrecision: HeadPrecision,
): Promise<number[]> {
  const held = storedAs(precision)
  const engine = await createNativeEngine(config, tensors, { precision: held, headPrecision })
  const all: number[] = []
  for (const batch of batches) all.push(...(await engine.logprobs(batch, null)).logprobs)
  await engine.close()
  return all
}

async function shipped(count: number): Promise<Subject> {
  const folder = join(PROJECT_ROOT, 'models/base')
  const { config, tensors } = await loadCheckpoint(folder)
  const tokenizer = await loadTokenizer(folder)
  const batches = Array.from({ length: count }, (_, batch) => {
    const random = createRandom(LESSON_SEED + batch)
    return lessonForest(
      Array.from({ length: 20 }, () => makeLesson(random)),
      tokenizer,
    )
  })
  return { name: 'shipped model', config, tensors, batches }
}

function random(count: number): Subject {
  const config = qwen2({
    vocab_size: 2048,
    hidden_size: 256,
    intermediate_size: 1024,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    rms_norm_eps: 1e-6,
    rope_theta: 1e6,
    max_position_embeddings: 4096,
    tie_word_embeddings: false,
  })
  const uniform = uniformStream(5)
  const batches = Array.from({ length: count }, (): Forest => {
    const tokens = Int32Array.from({ length: 400 }, () => Math.floor(uniform() * config.vocab_size))
    return [{ tokens, parent: -1, targetStart: 1 }]
  })
  return { name: 'random weights', config, tensors: randomModel(config, 1, 1 / 16), batches }
}
