import { expect, test } from 'vitest'
import { sameModelName } from './base-identity.ts'

test('a model keeps its name as a GGUF file', () => {
  const same = [
    '/models/Qwen2.5-0.5B-Instruct-Q4_K_M.gguf',
    'lmstudio-community/Qwen2.5-0.5B-Instruct-GGUF/Qwen2.5-0.5B-Instruct-Q8_0.gguf',
    'qwen2.5-0.5b-instruct.f16.gguf',
    'qwen2.5-0.5b-instruct-fp16-00001-of-00003.gguf',
    'qwen2.5-0.5b-instruct-q4_k_m-00002-of-00003.gguf',
    'qwen2.5-0.5b-instruct.gguf',
    'Qwen/Qwen2.5-0.5B-Instruct',
  ]
  for (const name of same) expect(sameModelName(name, 'Qwen/Qwen2.5-0.5B-Instruct'), name).toBe(true)
  for (const name of ['qwen2.5-1.5b-instruct-q4_k_m.gguf', 'qwen2.5-0.5b-q4_k_m.gguf']) {
    expect(sameModelName(name, 'Qwen/Qwen2.5-0.5B-Instruct'), name).toBe(false)
  }
})
