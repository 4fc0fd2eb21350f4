/**
 * Takes one DPO step with a model of random weights, in its own process so that the peak is its own: `node
 * bench/memory-step.ts <case as JSON>` prints a line of JSON. As in the lab, the frozen reference comes first, and its
 * adapter is then freed.
 */

import { z } from 'zod'
import { HEAD_PRECISIONS, PRECISIONS, PROJECTIONS } from '../main/config/choices.ts'
import { initLora } from '../main/engine/adapter/adapter.ts'
import type { Engine, LoraConfig } from '../main/engine/engine.ts'
import { moveAdapter } from '../main/engine/free.ts'
import { storedAs } from '../main/engine/holding.ts'
import { createNativeEngine } from '../main/engine/native/engine.ts'
import { uniformStream } from '../main/engine/random.ts'
import { randomStream } from '../main/engine/random-stream.ts'
import { publishedShape } from '../main/engine/shapes.ts'
import { plant, segmentLogp } from '../main/training/forest.ts'
import { dpoStep } from './step.ts'

export const caseSchema = z.strictObject({
  model: z.string(),
  precision: z.enum(PRECISIONS),
  headPrecision: z.enum(HEAD_PRECISIONS),
  gradientCheckpointing: z.boolean(),
  threads: z.int().positive(),
  r: z.int().positive(),
  prompt: z.int().positive(),
  completion: z.int().positive(),
})
export type MemoryCase = z.infer<typeof caseSchema>

export const resultSchema = z.strictObject({
  /** Peak resident bytes up to the end of each part. */
  loaded: z.number(),
  reference: z.number(),
  step: z.number(),
  /** Seconds of each part. */
  seconds: z.strictObject({ loaded: z.number(), reference: z.number(), step: z.number() }),
  /** Of the policy's gradient, before clipping. */
  gradNorm: z.number(),
})

export function loraOf(r: number): LoraConfig {
  return { r, lora_alpha: 2 * r, lora_dropout: 0, target_modules: PROJECTIONS }
}

async function measure(memoryCase: MemoryCase): Promise<z.infer<typeof resultSchema>> {
  const { model, precision, headPrecision, gradientCheckpointing, threads, r, prompt, completion } = memoryCase
  const config = publishedShape(model)
  if (config === undefined) throw new Error(`${model} is no published size`)
  let began = performance.now()
  const lap = () => {
    const seconds = (performance.now() - began) / 1000
    began = performance.now()
    return { peak: process.resourceUsage().maxRSS * 1024, seconds }
  }
  const engine = await createNativeEngine(config, randomStream(config, 1), {
    precision: storedAs(precision),
    products: precision === 'fp32' ? 'fp32' : 'bf16',
    headPrecision,
    checkpointing: gradientCheckpointing,
    threads,
  })
  const loaded = lap()

  await addAdapter(engine, 'reference', loraOf(r))
  const uniform = uniformStream(2)
  const tokens = (length: number) => Int32Array.from({ length }, () => Math.floor(uniform() * config.vocab_size))
  const page = tokens(prompt)
  const planted = plant([completion, completion].map((length) => ({ prompt: page, completion: tokens(length) })))
  const scores = await engine.logprobs(planted.forest, 'reference')
  const [chosen, rejected] = planted.segments.map((segment) => segmentLogp(scores, segment))
  await engine.removeAdapter('reference')
  const reference = lap()

  await addAdapter(engine, 'policy', loraOf(r))
  await engine.train('policy')
  const gradNorm = await dpoStep(engine, planted, [{ chosen: chosen!, rejected: rejected! }])
  const step = lap()
  await engine.close()
  return {
    loaded: loaded.peak,
    reference: reference.peak,
    step: step.peak,
    seconds: { loaded: loaded.seconds, reference: reference.seconds, step: step.seconds },
    gradNorm,
  }
}

/** Adds a new adapter and releases its tensors at once, as the lab does. */
async function addAdapter(engine: Engine, name: string, lora: LoraConfig): Promise<void> {
  await moveAdapter(engine, name, lora, initLora(engine.config, lora, 1))
}

if (import.meta.main) {
  console.log(JSON.stringify(await measure(caseSchema.parse(JSON.parse(process.argv[2] ?? '')))))
}
