/**
 * Generates with a model of random weights, in its own process so that the peak is its own: `node bench/memory-generate.ts
 * <case as JSON>` prints a line of JSON. It completes new prompts until the cache of keys and values is full.
 */

import { z } from 'zod'
import { HEAD_PRECISIONS, PRECISIONS } from '../main/config/choices.ts'
import { initLora } from '../main/engine/adapter/adapter.ts'
import { moveAdapter } from '../main/engine/free.ts'
import { storedAs } from '../main/engine/holding.ts'
import { CACHE_BYTES, createNativeEngine } from '../main/engine/native/engine.ts'
import { uniformStream } from '../main/engine/random.ts'
import { randomStream } from '../main/engine/random-stream.ts'
import { publishedShape } from '../main/engine/shapes.ts'
import { projectionShape } from '../main/engine/weights.ts'
import { loraOf } from './memory-step.ts'

export const generationSchema = z.strictObject({
  model: z.string(),
  precision: z.enum(PRECISIONS),
  headPrecision: z.enum(HEAD_PRECISIONS),
  threads: z.int().positive(),
  r: z.int().positive(),
  /** At a time. */
  completions: z.int().positive(),
  prompt: z.int().positive(),
  completion: z.int().positive(),
})
export type GenerationCase = z.infer<typeof generationSchema>

export const generationResultSchema = z.strictObject({
  /** Peak resident bytes after loading the model, and at the end. */
  loaded: z.number(),
  generated: z.number(),
  /** Seconds of generation. */
  seconds: z.number(),
  /** As Holding in main/engine/engine.ts. */
  packedBytes: z.literal([2, 4]),
})

async function measure(one: GenerationCase): Promise<z.infer<typeof generationResultSchema>> {
  const { model, precision, headPrecision, threads, r, completions, prompt, completion } = one
  const config = publishedShape(model)
  if (config === undefined) throw new Error(`${model} is no published size`)
  const engine = await createNativeEngine(config, randomStream(config, 1), {
    precision: storedAs(precision),
    products: precision === 'fp32' ? 'fp32' : 'bf16',
    headPrecision,
    threads,
  })
  await moveAdapter(engine, 'policy', loraOf(r), initLora(config, loraOf(r), 1))
  const peak = () => process.resourceUsage().maxRSS * 1024
  const loaded = peak()
  const began = performance.now()
  const packedBytes = engine.holding?.packedBytes ?? 4
  const token = packedBytes * config.num_hidden_layers * 2 * projectionShape(config, 'k_proj')[0]
  const rounds = Math.ceil(CACHE_BYTES / token / prompt / completions) + 1
  const uniform = uniformStream(2)
  for (let round = 0; round < rounds; round++) {
    const prompts = Array.from({ length: completions }, () =>
      Int32Array.from({ length: prompt }, () => Math.floor(uniform() * config.vocab_size)),
    )
    const seeds = prompts.map(() => 0)
    const sampling = { temperature: 0, top_p: 1, max_new_tokens: completion, stop_token_ids: [], seeds }
    await engine.generate(prompts, sampling, 'policy')
  }
  const result = { loaded, generated: peak(), seconds: (performance.now() - began) / 1000, packedBytes }
  await engine.close()
  return result
}

if (import.meta.main) {
  console.log(JSON.stringify(await measure(generationSchema.parse(JSON.parse(process.argv[2] ?? '')))))
}
