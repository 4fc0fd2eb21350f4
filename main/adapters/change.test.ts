import { expect, test } from 'vitest'
import { TINY as config, randomAdapter } from '../../testing/random-model.ts'
import type { Adapter } from '../engine/adapter/adapter.ts'
import type { LoraConfig, Tensors } from '../engine/engine.ts'
import { qwen2 } from '../engine/families.ts'
import { compareChanges } from './change.ts'

const lora: LoraConfig = { r: 3, lora_alpha: 12, lora_dropout: 0, target_modules: ['q_proj', 'down_proj'] }
const other: LoraConfig = { r: 2, lora_alpha: 2, lora_dropout: 0, target_modules: ['v_proj', 'down_proj'] }
const adapter = (of: LoraConfig, seed: number, model = config): Adapter => ({
  lora: of,
  tensors: randomAdapter(model, of, seed, 0.2),
  baseModelName: null,
})

/** scale · B A of a projection, computed directly. */
function product({ lora: { r, lora_alpha }, tensors }: Adapter, place: string): number[] | undefined {
  const part = (tensorsOf: Tensors, name: string) =>
    tensorsOf.get(`base_model.model.model.layers.${place}.${name}.weight`)
  const [a, b] = [part(tensors, 'lora_A'), part(tensors, 'lora_B')]
  if (a === undefined || b === undefined) return undefined
  const [wide, high] = [a.shape[1]!, b.shape[0]!]
  return Array.from({ length: wide * high }, (_, at) => {
    const [row, column] = [Math.floor(at / wide), at % wide]
    let sum = 0
    for (let k = 0; k < r; k++) sum += b.data[row * r + k]! * a.data[k * wide + column]!
    return (lora_alpha / r) * sum
  })
}

const frobenius = (values: readonly number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))

test('the norms equal those of the products, for different ranks and targets', async () => {
  const [a, b] = [adapter(lora, 1), adapter(other, 2)]
  const changes = await compareChanges(a, b)
  expect(changes.map(({ layer, projection }) => `${layer} ${projection}`)).toEqual(
    [0, 1].flatMap((layer) => ['q_proj', 'v_proj', 'down_proj'].map((projection) => `${layer} ${projection}`)),
  )
  for (const { layer, projection, ...norms } of changes) {
    const place = `${layer}.${projection === 'down_proj' ? 'mlp' : 'self_attn'}.${projection}`
    const [one, two] = [product(a, place), product(b, place)]
    const size = (one ?? two)!.length
    const at = (values: number[] | undefined, i: number) => values?.[i] ?? 0
    expect(norms.a).toBeCloseTo(frobenius(one ?? []), 6)
    expect(norms.b).toBeCloseTo(frobenius(two ?? []), 6)
    const difference = Array.from({ length: size }, (_, i) => at(one, i) - at(two, i))
    expect(norms.difference).toBeCloseTo(frobenius(difference), 6)
  }
})

test('an adapter does not differ from itself, and has no difference from one of another shape', async () => {
  const a = adapter(lora, 1)
  for (const { a: size, difference } of await compareChanges(a, a)) {
    expect(size).toBeGreaterThan(0.1)
    expect(difference).toBeLessThan(1e-6)
  }
  const wider = adapter(lora, 1, qwen2({ ...config, hidden_size: 24 }))
  for (const { difference } of await compareChanges(a, wider)) expect(difference).toBeNull()
})
