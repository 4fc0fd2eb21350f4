/** The plan of a large model's step, as docs/BENCHMARKS.md tells it. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { stepWork } from '../../../bench/limit.ts'
import { randomAdapter, randomModel, TINY } from '../../../testing/random-model.ts'
import { softwareDevice } from '../../../testing/software-device.ts'
import { describeWebGpu } from '../../../testing/webgpu.ts'
import { PROJECTIONS } from '../../config/choices.ts'
import { projectPath } from '../../files/paths.ts'
import type { LoraConfig, ModelConfig } from '../engine.ts'
import { outline } from '../forest.ts'
import { publishedShape } from '../shapes.ts'
import { planAdapter } from './adapters.ts'
import { Arena } from './arena.ts'
import { planBase } from './base.ts'
import { batchesOf } from './batch.ts'
import { CACHE_BYTES, pageNumbers } from './cache.ts'
import { createWebGpuEngine } from './engine.ts'
import { formatsOf } from './formats/formats.ts'
import { attentionTile } from './kernels/attention.ts'
import { pairOf, planGeneration, planStep } from './plan.ts'
import type { Item } from './program.ts'
import { recordStep } from './step.ts'
import { planAdapterTraining } from './training.ts'

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

test('what no card can compute is told in a sentence', () => {
  expect(() => plan(20_000, 1)).toThrow(
    expect.objectContaining({ messages: [expect.objectContaining({ id: 'gpuBufferTooSmall' })] }),
  )
  const wide = { ...SEVEN, num_hidden_layers: 1, head_dim: 2048 }
  const options = { holding: HELD, lora: LORA }
  for (const planned of [
    () => planStep(wide, pairOf(8, 2), options),
    () => planGeneration(wide, { completions: 1, prompt: 8, completion: 2 }, options),
  ]) {
    expect(planned).toThrow(expect.objectContaining({ messages: [{ id: 'gpuHeadsTooLarge', values: { size: 2048 } }] }))
  }
})

test('the dispatches of a layer are those that the docs say', () => {
  const count = (layers: number, checkpointing: boolean) =>
    [...plan(512, layers, checkpointing).dispatches.values()].reduce((sum, one) => sum + one, 0)
  const again = count(3, true) - count(2, true)
  const kept = count(3, false) - count(2, false)
  expect(BENCHMARKS).toContain(`${kept} dispatches a layer, and ${again} where activations are computed again`)
  expect(BENCHMARKS).toContain(`${count(28, true)} in the whole step`)
})

test('the operations of the products of a step are those that the docs say', () => {
  const count = (checkpointing: boolean) => {
    const base = planBase(SEVEN, formatsOf(HELD), 2 ** 30)
    const training = planAdapterTraining(planAdapter(SEVEN, 'trained', LORA))
    const forest = pairOf(512, 64)
    const [batch] = batchesOf(forest, outline(forest, SEVEN), 2048, attentionTile(SEVEN.head_dim, 32_768))
    const model = { config: SEVEN, base, workgroupMemory: 32_768 }
    const keeping = { checkpointing, keptBytes: 0 }
    const { forward, backward } = recordStep(model, new Arena(2 ** 30), batch!, training, keeping)
    return [...forward.items, ...backward].reduce((sum, item) => sum + operations(item), 0) / 1e12
  }
  const [kept, again] = [count(false), count(true)]
  const least = stepWork(SEVEN, pairOf(512, 64), LORA).flops / 1e12
  expect(BENCHMARKS).toContain(
    `${kept.toFixed(2)} x 10^12 operations, ${again.toFixed(2)} with activations computed again, and ${least.toFixed(2)} is the least`,
  )
})

/** Operations of a product, in whole tiles; 0 for other kernels. */
function operations(item: Item): number {
  if (!('dispatch' in item)) return 0
  const { kernel, params, groups } = item.dispatch
  const of = (name: string) =>
    new DataView(params.buffer).getUint32(4 * (1 + Object.keys(kernel.params).indexOf(name)), true)
  const adapted = () => (of('low_columns') > 0 ? of('rank') : 0)
  const tile = 2 * 64 * 64 * groups
  if (/^product \w+$/.test(kernel.name)) return tile * (of('inputs') + adapted())
  if (kernel.name.startsWith('product backward')) return tile * (of('part_rows') + of('low_columns'))
  if (kernel.name === 'lora gradients') return tile * of('rows')
  if (kernel.name === 'lora low') return (tile / 64) * of('inputs')
  if (kernel.name === 'lora low backward') return (tile / 64) * of('outputs')
  return 0
}

test('the dispatches of a token are those that the docs say, in a batch too', () => {
  const count = (layers: number, lora: LoraConfig | null, completions = 1, prompt = 100) => {
    const config = { ...SEVEN, num_hidden_layers: layers }
    const wanted = { completions, prompt, completion: 20 }
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
  const [split, adapted] = [null, LORA].map((lora) => count(3, lora, 1, 1000) - count(2, lora, 1, 1000))
  expect(BENCHMARKS).toContain(`${split} dispatches a layer then, and ${adapted} with an adapter`)
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
