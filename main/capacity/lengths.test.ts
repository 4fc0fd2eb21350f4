import { expect, test } from 'vitest'
import { parseConfig } from '../config/config.ts'
import { beginningTokens, usualLengths } from './lengths.ts'
import { planMemory } from './memory.ts'

const config = (text: string) => parseConfig(text, 'config.yaml')
const own = { vocab_size: 1024, max_position_embeddings: 4096 }
const pretrained = { vocab_size: 151_936, max_position_embeddings: 32_768 }

test('prompts are as long as page and prompt of the configuration make them', () => {
  expect(usualLengths(config(''), own)).toEqual({ prompt: 512, completion: 64 })
  expect(usualLengths(config('environment: {max_chars: 3000}'), own).prompt).toBe(256)
  const before = beginningTokens(config(''), pretrained)
  // The tokenizer of Qwen2.5 makes 350 tokens of it, chat template included.
  expect(before).toBeGreaterThanOrEqual(350)
  expect(before).toBeLessThan(420)
  expect(usualLengths(config(''), pretrained).prompt).toBe(before + 512)
  expect(usualLengths(config('model: {prompt: compact}'), pretrained).prompt).toBe(512)
  expect(usualLengths(config('model: {prompt: instruct}'), own).prompt).toBe(before + 512)
  expect(usualLengths(config(''), { ...own, max_position_embeddings: 128 }).prompt).toBe(64)
})

test('a plan counts what all prompts begin with once, and the terms that go together as one forest', () => {
  const name = 'base_model_name: Qwen/Qwen2-7B-Instruct'
  const asked = config(`model: {${name}}\ntraining: {dpo: {batch_size: 8}, sft: {batch_size: 4}}`)
  const compact = config(`model: {${name}, prompt: compact}\ntraining: {dpo: {batch_size: 8}, sft: {batch_size: 4}}`)
  const before = beginningTokens(asked, pretrained)
  const tokens = (of: typeof asked, prompt: number, stage: 'sft' | 'dpo') =>
    planMemory(of, prompt, 10, stage).question.tokens
  expect(tokens(compact, before + 100, 'dpo')).toBe(8 * (before + 100 + 20))
  expect(tokens(asked, before + 100, 'sft')).toBe(before + 4 * 110)
  // Eight pairs, eight successes and four golden samples.
  expect(tokens(asked, before + 100, 'dpo')).toBe(before + 8 * 120 + 8 * 110 + 4 * 110)
  // What they begin with is less than half of a prompt: the pairs go alone.
  expect(tokens(asked, 3 * before, 'dpo')).toBe(before + 8 * (2 * before + 20))
})
