import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { randomAdapter, randomModel, TINY } from '../../testing/random-model.ts'
import { TINY_VOCAB_SIZE, writeTinyTokenizer } from '../../testing/tiny-tokenizer.ts'
import { saveAdapter } from '../engine/adapter/adapter.ts'
import { saveCheckpoint } from '../engine/checkpoint/checkpoint.ts'
import { message } from '../messages/message.ts'
import type { MergeOptions } from './merge.ts'
import { type MergeRequest, Merges } from './merges.ts'

const config = { ...TINY, vocab_size: TINY_VOCAB_SIZE }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'merging-'))
  mkdirSync(join(folder, 'base'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const request = () => ({
  base: join(folder, 'base'),
  adapter: join(folder, 'adapter'),
  target: join(folder, 'merged'),
  form: 'safetensors' as const,
})

test('a merge reports its progress, and others are refused meanwhile', async () => {
  const written = Promise.withResolvers<void>()
  let options: MergeOptions = {}
  const merges = new Merges((_base, _adapter, _target, given) => {
    options = given
    return written.promise
  })
  const told: number[] = []
  merges.subscribe(({ current }) => told.push(current?.done ?? -1))
  merges.start(request())
  options.onProgress?.(1, 2)
  options.warn?.(message('mergePreTokenizer'))
  expect(merges.state.current).toMatchObject({ target: request().target, done: 1, total: 2, stopping: false })
  expect(() => merges.start(request())).toThrow(/merged is being written; wait/)
  written.resolve()
  await merges.rest()
  const last = { target: request().target, status: 'done', error: null, notes: [message('mergePreTokenizer')] }
  expect(merges.state).toMatchObject({ current: null, last })
  expect(told).toEqual([0, 1, -1])
})

test('a stopped merge ends as stopped, and a failed one with its reason', async () => {
  const merges = new Merges(
    (_base, _adapter, _target, { signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
  )
  merges.start(request())
  expect(merges.stop().current?.stopping).toBe(true)
  await merges.rest()
  expect(merges.state.last).toMatchObject({ status: 'stopped', error: null })

  writeFileSync(join(folder, 'base/config.json'), '{}')
  const real = new Merges()
  real.start(request())
  await real.rest()
  expect(real.state.last).toMatchObject({ status: 'failed', error: expect.stringContaining('config.json') })
})

test('a GGUF file is written too, of a base in GGUF as well', async () => {
  await saveCheckpoint(join(folder, 'base'), config, randomModel(config, 1))
  await writeTinyTokenizer(join(folder, 'base'))
  const lora = { r: 2, lora_alpha: 4, lora_dropout: 0, target_modules: ['v_proj'] } as const
  await saveAdapter(join(folder, 'adapter'), lora, randomAdapter(config, lora, 2), null)
  const merges = new Merges()
  const merge = async (asked: Partial<MergeRequest>) => {
    merges.start({ ...request(), ...asked })
    await merges.rest()
    expect(merges.state.last).toMatchObject({ status: 'done', error: null })
  }
  expect(() => merges.start({ ...request(), form: 'F16' })).toThrow(/merged does not end in .gguf/)
  await merge({ form: 'F16', target: join(folder, 'once.gguf') })
  await merge({ form: 'Q8_0', base: join(folder, 'once.gguf'), target: join(folder, 'twice.gguf') })
  await merge({ base: join(folder, 'once.gguf') })
  expect(existsSync(join(folder, 'twice.gguf'))).toBe(true)
  expect(existsSync(join(folder, 'merged/model.safetensors'))).toBe(true)
})
