import { expect, test } from 'vitest'
import { UserError } from '../messages/error.ts'
import { message } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import { chooseEngine, type Probes } from './auto.ts'
import type { AdapterFacts } from './host/adapter.ts'
import { publishedShape } from './shapes.ts'

const SEVEN = publishedShape('Qwen2-7B')!
const ADAPTER: AdapterFacts = {
  name: 'NVIDIA GeForce RTX 4060',
  vendor: 'nvidia',
  architecture: '',
  software: false,
  largestBuffer: 2 ** 31,
  features: [],
}

/** A machine with this card, and what was asked of it. */
function machine(card: { memory: number } | null, rest: Partial<Probes> = {}): Probes & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    mayHaveCard: () => true,
    async cardOf() {
      asked.push('card')
      return card && { name: 'RTX 4060', ...card }
    },
    async findAdapter() {
      asked.push('adapter')
      return ADAPTER
    },
    addonProblem: () => null,
    ...rest,
  }
}

const choose = async (probes: Probes, options = {}) => {
  const { kind, why } = await chooseEngine(SEVEN, options, probes)
  return [kind, why === null ? null : english(why)]
}

test('a real card that holds the model comes before the native engine, and the engine says why', async () => {
  expect(await choose(machine({ memory: 8 * 2 ** 30 }))).toEqual([
    'webgpu',
    'chosen because RTX 4060 with 8.59 GB holds the model',
  ])
})

test('without a card nothing is asked, and nothing is said', async () => {
  const none = machine({ memory: 8e9 }, { mayHaveCard: () => false })
  expect(await choose(none)).toEqual(['native', null])
  expect(none.asked).toEqual([])
})

test('a card whose memory is unknown or too small is left alone, without starting a host', async () => {
  const unknown = machine(null)
  expect(await choose(unknown)).toEqual(['native', expect.stringContaining('does not tell its memory')])
  const small = machine({ memory: 4e9 })
  expect(await choose(small)).toEqual([
    'native',
    expect.stringMatching(/RTX 4060 has 4.00 GB, and .* need up to \d\.\d\d GB/),
  ])
  const chosen = machine({ memory: 8 * 2 ** 30 })
  expect(await choose(chosen, { precision: 'bf16' })).toEqual(['native', expect.stringContaining('need up to 1')])
  for (const { asked } of [unknown, small, chosen]) expect(asked).toEqual(['card'])
})

test('a small model is for the native engine, without asking for a card, and for a card only where there is none', async () => {
  const small = { ...SEVEN, hidden_size: 192, intermediate_size: 576, num_hidden_layers: 4, vocab_size: 2048 }
  const card = machine({ memory: 8 * 2 ** 30 })
  const { kind, why } = await chooseEngine(small, {}, card)
  expect([kind, english(why!)]).toEqual([
    'native',
    'chosen because a graphics card is not faster with so small a model',
  ])
  expect(card.asked).toEqual([])
  const addonProblem = () => message('gpuMissing')
  expect((await chooseEngine(small, {}, machine({ memory: 8 * 2 ** 30 }, { addonProblem }))).kind).toBe('webgpu')
  const half = publishedShape('Qwen2-0.5B')!
  expect((await chooseEngine(half, {}, machine({ memory: 8 * 2 ** 30 }))).kind).toBe('webgpu')
})

test('a software adapter is never chosen, and neither is a card that WebGPU does not find', async () => {
  const software = { findAdapter: async () => ({ ...ADAPTER, software: true, name: 'SwiftShader' }) }
  expect(await choose(machine({ memory: 8 * 2 ** 30 }, software))).toEqual([
    'native',
    'WebGPU finds no graphics card, only SwiftShader',
  ])
  const lost = { findAdapter: () => Promise.reject(new UserError('gpuMissing')) }
  expect(await choose(machine({ memory: 8 * 2 ** 30 }, lost))).toEqual([
    'native',
    expect.stringContaining('the graphics card cannot be used.'),
  ])
})

test('where there is no native engine, TensorFlow.js is taken with the reason, but a card comes first', async () => {
  const addonProblem = () => message('gpuMissing')
  const [kind, why] = await choose(machine(null, { mayHaveCard: () => false, addonProblem }))
  expect(kind).toBe('tfjs')
  expect(why).toContain('many times slower')
  expect((await choose(machine({ memory: 8 * 2 ** 30 }, { addonProblem })))[0]).toBe('webgpu')
})
