import { expect, test } from 'vitest'
import { parseConfig } from '../config/config.ts'
import { publishedShape } from '../engine/shapes.ts'
import { smallModelRates } from './rates.ts'

const half = publishedShape('Qwen2-0.5B')!
const rates = (sft: number, dpo: number) =>
  parseConfig('', 'f', { 'training.sft.learning_rate': sft, 'training.dpo.learning_rate': dpo })

test('a large model with rates of small ones is warned of, with the keys', () => {
  expect(smallModelRates(rates(1e-3, 5e-4), half)).toEqual({
    parameters: '494',
    keys: 'training.sft.learning_rate=0.001, training.dpo.learning_rate=0.0005',
  })
  expect(smallModelRates(rates(1e-3, 5e-4), half, ['dpo'])?.keys).toBe('training.dpo.learning_rate=0.0005')
})

test('neither rates that suit it nor a small model are', () => {
  expect(smallModelRates(rates(2e-4, 5e-6), publishedShape('Qwen2-7B')!)).toBeNull()
  expect(smallModelRates(rates(1e-3, 5e-4), { ...half, vocab_size: 512, num_hidden_layers: 1 })).toBeNull()
})
