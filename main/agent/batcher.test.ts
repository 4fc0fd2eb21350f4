import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Completion } from '../engine/engine.ts'
import { Batcher, type Request } from './batcher.ts'

const answer = (token: number): Completion => ({
  tokens: Int32Array.of(token),
  logprobs: Float32Array.of(0),
  stopped: true,
})

/** An engine that takes 20 ms a call and answers each prompt with its first token. */
function scripted() {
  const batches: number[] = []
  let calls = 0
  const generate = async (requests: readonly Request[]) => {
    expect(++calls, 'calls at the same time').toBe(1)
    batches.push(requests.length)
    await pause(20)
    calls--
    return requests.map(({ prompt }) => answer(prompt[0]!))
  }
  return { batches, generate }
}

test('requests that come together or while the engine works go in together, within the limit', async () => {
  const { batches, generate } = scripted()
  const batcher = new Batcher(generate, { limit: 4, patience: 1 })
  const first = [1, 2, 3].map((token) => batcher.ask(Int32Array.of(token), 0))
  await pause(10)
  const later = [4, 5, 6, 7, 8].map((token) => batcher.ask(Int32Array.of(token), 0))
  const completions = await Promise.all([...first, ...later])
  expect(completions.map(({ tokens }) => tokens[0])).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(batches).toEqual([3, 4, 1])
})

test('a batch that fails fails its own requests only', async () => {
  let calls = 0
  const batcher = new Batcher(
    async (requests) => {
      if (++calls === 1) throw new Error('out of memory')
      return requests.map(() => answer(7))
    },
    { limit: 2, patience: 1 },
  )
  const results = await Promise.allSettled([1, 2, 3].map((token) => batcher.ask(Int32Array.of(token), 0)))
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
})
