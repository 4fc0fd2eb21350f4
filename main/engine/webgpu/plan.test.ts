/** The plan of a large model's step, as docs/BENCHMARKS.md tells it. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { randomAdapter, randomModel, TINY } from '../../../testing/random-model.ts'
import { softwareDevice } from '../../../testing/software-device.ts'
import { describeWebGpu } from '../../../testing/webgpu.ts'
import { PROJECTIONS } from '../../config/choices.ts'
import { projectPath } from '../../files/paths.ts'
import type { LoraConfig, ModelConfig } from '../engine.ts'
import { publishedShape } from '../shapes.ts'
import { CACHE_BYTES, pageNumbers } from './cache.ts'
import { createWebGpuEngine } from './engine.ts'
import { pairOf, planGeneration, planStep } from './plan.ts'

const LORA: LoraConfig = { r: 8, lora_alpha: 16, lora_dropout: 0.05, target_modules: [...PROJECTIONS] }
const SEVEN = publishedShape('Qwen2-7B')!
const HELD = { precision: 'nf4', headPrecision: 'int8', gradientCheckpointing: true } as const
const BENCHMARKS = readFileSync(projectPath('docs/BENCHMARKS.md'), 'utf8')

const plan = (prompt: number, layers = SEVEN.num_hidden_layers, checkpointing = true) =>
  planStep({ ...SEVEN, num_hidden_layers: layers }, pairOf(prompt, 64), {
    holding: { ...HELD, gradientCheckpointing: checkpointing },
    lora: LORA,
    references: 1,
  })

test.each([
  [512, 6.0],
  [1024, 6.8],
])('a DPO step of Qwen2-7B in NF4 with a prompt of %d tokens fits into %d GB, as the docs say', (prompt, limit) => {
  const { total, weights, adapters, training, arena } = plan(prompt)
  expect(total / 1e9).toBeLessThan(limit)
  const told = [weights, adapters + training, arena, total].map((bytes) => (bytes / 1e9).toFixed(2)).join(' | ')
  expect(BENCHMARKS).toContain(`| ${prompt.toLocaleString('en')} + 2 x 64 | ${told} |`)
})

test('the dispatches of a layer are those that the docs say', () => {
  const count = (layers: number, checkpointing: boolean) =>
    [...plan(512, layers, checkpointing).dispatches.values()].reduce((sum, one) => sum + one, 0)
  const again = count(3, true) - count(2, true)
  const kept = count(3, false) - count(2, false)
  expect(BENCHMARKS).toContain(`${kept} dispatches a layer, and ${again} where activations are computed again`)
  expect(BENCHMARKS).toContain(`${count(28, true)} in the whole step`)
})

test('the dispatches of a token are those that the docs say, in a batch too', () => {
  const count = (layers: number, lora: LoraConfig | null, completions = 1) => {
    const config = { ...SEVEN, num_hidden_layers: layers }
    const wanted = { completions, prompt: 100, completion: 20 }
    const { dispatches: counts, together } = planGeneration(config, wanted, { holding: HELD, lora })
    expect(together).toBe(completions)
    return [...counts.values()].reduce((sum, one) => sum + one, 0)
  }
  for (const completions of [1, 32]) {
    const alone = count(3, null, completions) - count(2, null, completions)
    const adapted = count(3, LORA, completions) - count(2, LORA, completions)
    expect(BENCHMARKS).toContain(`${alone} dispatches a layer, and ${adapted} with an adapter on all projections`)
    expect(BENCHMARKS).toContain(`${count(28, LORA, completions)} in all`)
  }
})

test('what generation of Qwen2-7B takes is what the docs say', () => {
  const wanted = { completions: 8, prompt: 960, completion: 64 }
  const { weights, adapters, cache, arena, total, together } = planGeneration(SEVEN, wanted, {
    holding: HELD,
    lora: LORA,
  })
  const told = [weights, adapters, cache, arena, total].map((bytes) => (bytes / 1e9).toFixed(2)).join(' | ')
  expect(BENCHMARKS).toContain(`| 960 + 64 | ${told} | ${together} |`)
})

describeWebGpu('on the software adapter', () => {
  test('the memory that is allocated is the memory that is planned, to the byte', async () => {
    const { device, now, most } = counted(await softwareDevice())
    const engine = await createWebGpuEngine(device, TINY, randomModel(TINY, 1))
    const holding = engine.holding!
    const lengths = { completions: 3, prompt: 40, completion: 2 }
    const forest = pairOf(20, 3)
    try {
      await engine.addAdapter('a', LORA, randomAdapter(TINY, LORA, 2))
      const prompts = Array.from({ length: 3 }, (_, index) => new Int32Array(40).fill(index))
      const sampling = { temperature: 1, top_p: 0.9, max_new_tokens: 2, stop_token_ids: [], seeds: [1, 2, 3] }
      await engine.generate(prompts, sampling, 'a')
      const generation = planGeneration(TINY, lengths, { holding, lora: LORA })
      // The cache of so small a model is never full; it begins with pages for 64.
      expect(now() - generation.weights - generation.adapters - generation.arena).toBe(64 * pageBytes(TINY))
      expect(generation.cache).toBe(Math.floor(CACHE_BYTES / pageBytes(TINY)) * pageBytes(TINY))

      await engine.train('a')
      const step = planStep(TINY, forest, { holding, lora: LORA })
      const before = most()
      await engine.accumulate(forest, ({ logprobs }) => logprobs, 1)
      expect(now()).toBe(step.total)
      expect(most()).toBe(Math.max(before, step.total))
      await engine.removeAdapter('a')
      expect(now()).toBe(step.weights)
    } finally {
      await engine.close()
    }
  })
})

function pageBytes(config: ModelConfig): number {
  return 4 * pageNumbers(config) * config.num_hidden_layers
}

/** A device, and the bytes of its buffers for kernels: those that are there now, and the most that ever were. */
function counted(device: GPUDevice) {
  let bytes = 0
  let most = 0
  const storage = 0x80
  const create = (descriptor: GPUBufferDescriptor) => {
    const buffer = device.createBuffer(descriptor)
    if ((descriptor.usage & storage) === 0) return buffer
    bytes += buffer.size
    most = Math.max(most, bytes)
    const destroy = buffer.destroy.bind(buffer)
    buffer.destroy = () => {
      bytes -= buffer.size
      destroy()
    }
    return buffer
  }
  const proxy = new Proxy(device, {
    get(_, name) {
      if (name === 'createBuffer') return create
      const value: unknown = Reflect.get(device, name, device)
      return typeof value === 'function' ? value.bind(device) : value
    },
  })
  return { device: proxy, now: () => bytes, most: () => most }
}
