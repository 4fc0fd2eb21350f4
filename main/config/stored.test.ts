import { expect, test } from 'vitest'
import { configSchema } from './schema.ts'
import { parseStored } from './stored.ts'

/** Settings with other values for some numbers of SFT. */
function withSft(sft: object): unknown {
  const config = configSchema.parse({})
  return { ...config, training: { ...config.training, sft: { ...config.training.sft, ...sft } } }
}

test('stored settings keep values beyond today’s bounds', () => {
  const sft = { learning_rate: 1e9, batch_size: 100_000, warmup_steps: 2_000_000 }
  const read = parseStored(withSft(sft))
  expect(read.data?.training.sft).toMatchObject(sft)
  expect(read.data?.training.dpo).toEqual(configSchema.parse({}).training.dpo)
  expect(configSchema.safeParse(withSft(sft)).success).toBe(false)
})

test('what is no number, no key or no settings is still refused', () => {
  for (const wrong of [
    withSft({ learning_rate: 'high' }),
    withSft({ batch_size: 5000, tomorrow: 1 }),
    withSft({ max_length: 0.5 }),
  ]) {
    expect(parseStored(wrong).success).toBe(false)
  }
  expect(parseStored(null).success).toBe(false)
  expect(parseStored(withSft({ learning_rate: 1e-3 })).success).toBe(true)
})
