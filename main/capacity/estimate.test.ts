import { expect, test } from 'vitest'
import { describeNative } from '../../testing/native.ts'
import { HEAD_PRECISIONS, PROJECTIONS } from '../config/choices.ts'
import { qwen2 } from '../engine/families.ts'
import { weightBytes } from '../engine/holding.ts'
import { loadAddon } from '../engine/native/addon.ts'
import { CACHE_BYTES } from '../engine/native/engine.ts'
import { publishedShape } from '../engine/shapes.ts'
import { checkpointShapes } from '../engine/weights.ts'
import { estimateGeneration, estimateMemory, type GenerationQuestion, type MemoryQuestion } from './estimate.ts'

const SMALL = qwen2({
  vocab_size: 512,
  hidden_size: 128,
  intermediate_size: 320,
  num_hidden_layers: 3,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  max_position_embeddings: 512,
  tie_word_embeddings: false,
})
const SEVEN: MemoryQuestion = {
  config: publishedShape('Qwen/Qwen2-7B-Instruct')!,
  precision: 'nf4',
  headPrecision: 'int8',
  packedBytes: 2,
  gradientCheckpointing: true,
  threads: 2,
  lora: { r: 16, target_modules: PROJECTIONS },
  frozenAdapters: 0,
  tokens: 640,
  targets: 128,
  context: 576,
}

test('the sum is that of its parts, and saving stands beside it', () => {
  const { total, saving, ...parts } = estimateMemory(SEVEN)
  expect(Object.values(parts).reduce((sum, bytes) => sum + bytes, 0)).toBe(total)
  expect(saving).toBe(parts.optimizer)
  // 40.4 million numbers of rank 16 on all projections of 28 layers.
  expect(parts.optimizer / 12).toBe(28 * 16 * (2 * 3584 * 2 + 2 * (3584 + 512) + 3 * (3584 + 18_944)))
})

test('what takes less memory is estimated to', () => {
  const total = (change: Partial<MemoryQuestion>) => estimateMemory({ ...SEVEN, ...change }).total
  expect(total({ headPrecision: 'nf4' })).toBeLessThan(total({}))
  expect(total({})).toBeLessThan(total({ headPrecision: 'bf16' }))
  expect(total({})).toBeLessThan(total({ precision: 'bf16' }))
  expect(total({ precision: 'bf16' })).toBeLessThan(total({ precision: 'fp32' }))
  expect(total({ precision: 'fp32' })).toBeLessThan(total({ precision: 'fp32', packedBytes: 4 }))
  expect(total({})).toBeLessThan(total({ gradientCheckpointing: false }) - 2e9)
  expect(total({})).toBeLessThan(total({ frozenAdapters: 1 }))
  expect(total({})).toBeLessThan(total({ tokens: 1152, context: 1088 }))
})

test('of layers below the lowest trained one no activations are kept', () => {
  const upper = { ...SEVEN.lora!, layers_to_transform: Array.from({ length: 14 }, (_, i) => 14 + i) }
  const keeping = { ...SEVEN, gradientCheckpointing: false }
  const [all, half] = [keeping, { ...keeping, lora: upper }].map(estimateMemory)
  expect(half!.optimizer).toBe(all!.optimizer / 2)
  // Inputs of 14 layers, and what 13 more keep: the lower ones share one place.
  const layer = 3584 + 3584 + 2 * 18_944 + 4608 + 28 + 2 + 7 * 16
  expect(all!.activations - (half!.activations - CACHE_BYTES)).toBe(4 * SEVEN.tokens * (14 * 3584 + 13 * layer))
})

test('generating holds a full cache, or more where more is completed at a time', () => {
  const question: GenerationQuestion = { ...SEVEN, completions: 4, prompt: 512, completion: 16 }
  const { total, ...parts } = estimateGeneration(question)
  expect(Object.values(parts).reduce((sum, bytes) => sum + bytes, 0)).toBe(total)
  expect(parts.cache).toBeGreaterThan(CACHE_BYTES - 2e6)
  expect(parts.cache).toBeLessThanOrEqual(CACHE_BYTES)
  // 32 rows of 17 pages of keys and values in bf16: 2 bytes x 28 layers x 2 x 4 heads of 128.
  expect(estimateGeneration({ ...question, completions: 64 }).cache).toBe(64 * 17 * 32 * 2 * 28 * 2 * 512)
  expect(estimateGeneration({ ...question, lora: null }).total).toBeLessThan(total)
  // Prompts are read a part at a time, so that long ones take no more.
  expect(estimateGeneration({ ...question, completions: 2, prompt: 4096 }).activations).toBeLessThan(
    1.02 * parts.activations,
  )
})

test('heads that are wider together than the hidden size, and norms of q and k, are counted', () => {
  const config = publishedShape('Qwen3-0.6B')!
  const narrow: MemoryQuestion = { ...SEVEN, config: { ...config, model_type: 'llama', head_dim: 64 } }
  const wide: MemoryQuestion = { ...SEVEN, config: { ...config, model_type: 'llama' } }
  const normed: MemoryQuestion = { ...SEVEN, config }
  const [a, b, c] = [narrow, wide, normed].map((question) => estimateMemory(question).activations)
  // One layer at a time: attended and its derivative are 1,024 wider, q k v and their derivatives 2,048.
  expect(b! - a!).toBeGreaterThan(4 * SEVEN.tokens * 2 * (1024 + 2048))
  // q, k and v of a layer after their norms, and the norms of 16 and 8 heads.
  expect(c! - b!).toBe(4 * SEVEN.tokens * (4096 + 24))
})

describeNative('the weights are, within 2%, what the native engine holds', () => {
  test.each(HEAD_PRECISIONS.flatMap((head) => [['bf16', head] as const, ['nf4', head] as const]))(
    '%s with a head in %s',
    async (precision, headPrecision) => {
      const native = new (loadAddon().NativeEngine)()
      await native.open(SMALL, {
        threads: 1,
        instructions: '',
        precision,
        products: 'fp32',
        headPrecision,
        keptBytes: 0,
        cacheBytes: 0,
      })
      let held = 0
      for (const [name, shape] of checkpointShapes(SMALL)) {
        const sections = await native.sections(name)
        held += sections.reduce((sum, { bytes }) => sum + bytes, 0)
        if (sections.length === 0) held += 4 * shape.reduce((product, n) => product * n, 1)
      }
      await native.close()
      const estimated = weightBytes(SMALL, { precision, headPrecision, packedBytes: 4 })
      // Scales of int8 rows and the last blocks of absmax are not worth a formula.
      expect(Math.abs(estimated / held - 1)).toBeLessThan(0.02)
    },
  )
})
