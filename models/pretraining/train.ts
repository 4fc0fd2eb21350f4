/**
 * Trains the base model that ships with the lab, only on made-up pages: `npm run base:train`.
 *
 * Writes models/base in Hugging Face layout: tokenizer, weights, model card. With `--resume`, a stopped run continues from
 * its last save.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadCheckpoint, saveCheckpoint } from '../../main/engine/checkpoint/checkpoint.ts'
import type { AdamW, Engine, Scores } from '../../main/engine/engine.ts'
import { qwen2 } from '../../main/engine/families.ts'
import { createNativeEngine } from '../../main/engine/native/engine.ts'
import { keepPreTokenizer } from '../../main/engine/tokenizer/pre-tokenizer.ts'
import { loadTokenizer, type Tokenizer } from '../../main/engine/tokenizer/tokenizer.ts'
import { writeFileAtomic } from '../../main/files/file.ts'
import { english } from '../../main/messages/say.ts'
import { learningRate } from '../../main/training/schedule.ts'
import { SPECIAL_TOKENS, tokenizerConfigJson, tokenizerJson, trainBpe } from './bpe.ts'
import { modelCard } from './card.ts'
import { makeLesson } from './curriculum.ts'
import { initialise } from './initialise.ts'
import type { Lesson } from './lesson.ts'
import { lessonForest } from './lesson-tokens.ts'
import { createRandom } from './random.ts'

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: 'models/base' },
    steps: { type: 'string', default: '6000' },
    pages: { type: 'string', default: '16' },
    learning_rate: { type: 'string', default: '2e-3' },
    hidden: { type: 'string', default: '192' },
    layers: { type: 'string', default: '6' },
    heads: { type: 'string', default: '6' },
    kv: { type: 'string', default: '3' },
    intermediate: { type: 'string', default: '512' },
    vocabulary: { type: 'string', default: '1024' },
    threads: { type: 'string' },
    products: { type: 'string', default: 'bf16' },
    seed: { type: 'string', default: '1' },
    resume: { type: 'boolean', default: false },
  },
})

const SAVE_EVERY = 500
const LOG_EVERY = 50
const WARMUP_STEPS = 100
const HELD_OUT_SEED = 1_000_000_007

const folder = options.out
const steps = Number(options.steps)
const seed = Number(options.seed)
const config = qwen2({
  vocab_size: Number(options.vocabulary),
  hidden_size: Number(options.hidden),
  intermediate_size: Number(options.intermediate),
  num_hidden_layers: Number(options.layers),
  num_attention_heads: Number(options.heads),
  num_key_value_heads: Number(options.kv),
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  max_position_embeddings: 4096,
  tie_word_embeddings: true,
})
const adamW: Omit<AdamW, 'learning_rate'> = {
  adam_beta1: 0.9,
  adam_beta2: 0.98,
  adam_epsilon: 1e-8,
  weight_decay: 0.01,
  max_grad_norm: 1,
}

interface Progress {
  step: number
  tokens: number
  answers: number
  seconds: number
  loss: number
}

await main()

async function main(): Promise<void> {
  const progressFile = join(folder, 'training.json')
  const resumed = options.resume && existsSync(progressFile)
  if (!resumed) await writeTokenizer()
  const checkpoint = resumed ? await loadCheckpoint(folder) : { config, tensors: initialise(config, seed) }
  const progress: Progress = resumed
    ? JSON.parse(readFileSync(progressFile, 'utf8'))
    : { step: 0, tokens: 0, answers: 0, seconds: 0, loss: 0 }
  const tokenizer = await loadTokenizer(folder)
  const engine = await createNativeEngine(checkpoint.config, checkpoint.tensors, {
    products: options.products === 'fp32' ? 'fp32' : 'bf16',
    ...(options.threads === undefined ? {} : { threads: Number(options.threads) }),
  })
  await engine.train(null)
  console.log(english(engine.description))
  const before = progress.seconds
  const first = progress.step
  const started = Date.now()
  let loss = 0
  let hits = 0
  let targets = 0
  for (; progress.step < steps; progress.step++) {
    // A step's lessons follow from its number, so a resumed run reads the same lessons.
    const lessons = lessonsOf(seed * 1_000_003 + progress.step, Number(options.pages))
    const forest = lessonForest(lessons, tokenizer)
    const scores = await engine.accumulate(forest, ({ logprobs }) =>
      new Float32Array(logprobs.length).fill(-1 / logprobs.length),
    )
    const rate = learningRate(progress.step, {
      learning_rate: Number(options.learning_rate),
      lr_scheduler_type: 'cosine',
      warmup_steps: WARMUP_STEPS,
      max_steps: steps + 1,
    })
    // AdamW's moments are not saved, so a resumed run collects new ones at a low rate first.
    const gathering = Math.min(1, (progress.step - first + 1) / WARMUP_STEPS)
    await engine.step({ ...adamW, learning_rate: rate * gathering })
    loss -= sum(scores.logprobs)
    hits += sum(scores.hits)
    targets += scores.logprobs.length
    progress.tokens += forest.reduce((count, segment) => count + segment.tokens.length, 0)
    progress.answers += forest.reduce((count, segment) => count + (segment.parent === -1 ? 0 : 1), 0)
    progress.seconds = before + (Date.now() - started) / 1000
    if ((progress.step + 1) % LOG_EVERY === 0) {
      progress.loss = loss / targets
      console.log(
        `step ${progress.step + 1}/${steps}  loss ${progress.loss.toFixed(3)}  token accuracy ${(hits / targets).toFixed(3)}  ${Math.round(progress.tokens / progress.seconds)} tokens/s  ${Math.round(progress.seconds)} s`,
      )
      loss = hits = targets = 0
    }
    if ((progress.step + 1) % SAVE_EVERY === 0 || progress.step + 1 === steps)
      await save(engine, tokenizer, { ...progress, step: progress.step + 1 })
  }
  await engine.close()
}

/** Trains the tokenizer on lessons that are not in training, and writes its files. */
async function writeTokenizer(): Promise<void> {
  const texts = lessonsOf(seed + 77, 3000).flatMap(({ page, answers }) => [
    page,
    ...answers.flatMap(({ task, completion }) => [task, completion]),
  ])
  // Every ref up to 99 occurs as often as the frequent ones, so that it becomes one token.
  const refs = Array.from({ length: 100 }, (_, ref) => ` ${ref}\n`.repeat(700))
  const bpe = trainBpe([...texts, ...refs], config.vocab_size)
  writeFileAtomic(join(folder, 'tokenizer.json'), tokenizerJson(bpe))
  writeFileAtomic(join(folder, 'tokenizer_config.json'), tokenizerConfigJson(config.max_position_embeddings))
  await keepPreTokenizer(folder)
  const stop = [bpe.vocab['<|im_end|>'], bpe.vocab['<|endoftext|>']]
  writeFileAtomic(
    join(folder, 'generation_config.json'),
    `${JSON.stringify({ eos_token_id: stop, pad_token_id: stop[1] }, null, 2)}\n`,
  )
  if (SPECIAL_TOKENS.some((token) => bpe.vocab[token] === undefined))
    throw new Error('The vocabulary lacks a special token.')
}

function lessonsOf(lessonSeed: number, count: number): Lesson[] {
  const random = createRandom(lessonSeed)
  return Array.from({ length: count }, () => makeLesson(random))
}

async function save(engine: Engine, tokenizer: Tokenizer, progress: Progress): Promise<void> {
  const accuracy = await heldOutAccuracy(engine, tokenizer)
  console.log([...accuracy].map(([kind, share]) => `${kind} ${(100 * share).toFixed(1)}`).join('  '))
  const kept = ['tokenizer.json', 'tokenizer_config.json', 'tokenization.py', 'generation_config.json']
  const there = kept.map((name) => [name, join(folder, name)] as const).filter(([, file]) => existsSync(file))
  const files = Object.fromEntries(there.map(([name, file]) => [name, readFileSync(file, 'utf8')]))
  const { step, tokens, answers, seconds, loss } = progress
  await saveCheckpoint(folder, config, await engine.baseWeights(), {
    ...files,
    'training.json': `${JSON.stringify({ step, tokens, answers, seconds, loss, accuracy: Object.fromEntries(accuracy) }, null, 2)}\n`,
    'README.md': modelCard({ config, progress, accuracy, description: english(engine.description) }),
  })
}

/** The share of held-out answers in which every token is the model's first choice, by kind of query. */
async function heldOutAccuracy(engine: Engine, tokenizer: Tokenizer): Promise<Map<string, number>> {
  const right = new Map<string, [number, number]>()
  for (let batch = 0; batch < 10; batch++) {
    const lessons = lessonsOf(HELD_OUT_SEED + batch, 40)
    const scores = await engine.logprobs(lessonForest(lessons, tokenizer), null)
    let segment = 0
    for (const { answers } of lessons) {
      segment++
      for (const { kind } of answers) {
        const [good, all] = right.get(kind) ?? [0, 0]
        right.set(kind, [good + (allHit(scores, segment) ? 1 : 0), all + 1])
        segment++
      }
    }
  }
  const kinds = [...right].sort(([a], [b]) => (a < b ? -1 : 1))
  const total = kinds.reduce(([good, all], [, [g, a]]) => [good + g, all + a] as [number, number], [0, 0] as [
    number,
    number,
  ])
  return new Map([...kinds, ['all', total] as const].map(([kind, [good, all]]) => [kind, good / all]))
}

function allHit({ hits, starts, counts }: Scores, segment: number): boolean {
  const start = starts[segment]!
  return hits.subarray(start, start + counts[segment]!).every((hit) => hit === 1)
}

function sum(values: Float32Array | Uint8Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}
