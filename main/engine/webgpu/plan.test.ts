/** The plan of a large model's step, as docs/BENCHMARKS.md tells it. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PROJECTIONS } from '../../config/choices.ts'
import { projectPath } from '../../files/paths.ts'
import type { LoraConfig } from '../engine.ts'
import { publishedShape } from '../shapes.ts'
import { pairOf, planDecode, planStep } from './plan.ts'

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
    const counts = planDecode(config, completions, 600, { holding: HELD, lora }).dispatches
    return [...counts.values()].reduce((sum, one) => sum + one, 0)
  }
  for (const completions of [1, 32]) {
    const alone = count(3, null, completions) - count(2, null, completions)
    const adapted = count(3, LORA, completions) - count(2, LORA, completions)
    expect(BENCHMARKS).toContain(`${alone} dispatches a layer, and ${adapted} with an adapter on all projections`)
    expect(BENCHMARKS).toContain(`${count(28, LORA, completions)} in all`)
  }
})

test('what generation of Qwen2-7B takes beside the model is what the docs say', () => {
  const { cache, arena } = planDecode(SEVEN, 8, 1023, { holding: HELD, lora: LORA })
  expect(BENCHMARKS).toContain(`${(cache / 1e9).toFixed(2)} GB of keys and values and ${(arena / 1e6).toFixed(0)} MB`)
})
