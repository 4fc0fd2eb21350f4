import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { testNative } from '../../testing/native.ts'
import { parseConfig } from '../config/config.ts'
import { forecastDisk, forecastMemory, planLeast } from './forecast.ts'

const folder = mkdtempSync(join(tmpdir(), 'forecast-'))
afterEach(() => vi.unstubAllEnvs())

const config = (model: string, overrides: Record<string, unknown> = {}) =>
  parseConfig('', 'f', {
    'model.base_model_name': model,
    'paths.store': join(folder, 'data/lab.sqlite'),
    'paths.reports': join(folder, 'reports'),
    ...overrides,
  })

test('TensorFlow.js takes at the least its numbers in fp32, the adapter four times', async () => {
  const { engine, estimate, native } = await planLeast(
    config('Qwen/Qwen2-7B', { 'model.engine': 'tfjs', 'model.prompt': 'compact', 'lora.r': 16 }),
    9,
    9,
  )
  expect(engine).toBe('tfjs')
  const adapter = 4 * 40_370_176
  expect(estimate).toEqual({
    weights: 4 * 7_615_616_512,
    adapter,
    optimizer: 3 * adapter,
    total: 4 * 7_615_616_512 + 4 * adapter,
  })
  expect(native.total).toBeLessThan(8.1e9)
})

testNative('memory is foretold from the shape: what nothing helps, and what long pages come to', async () => {
  const large = (await forecastMemory(config('Qwen/Qwen2-7B-Instruct', { 'model.precision': 'nf4' })))!
  expect(large.least).toBeGreaterThan(5e9)
  expect(large.least).toBeLessThan(6e9)
  expect(large.most).toBeGreaterThan(16e9)
  const short = { 'environment.max_chars': 1500, 'training.sft.batch_size': 1, 'training.dpo.batch_size': 1 }
  const nf4 = { 'model.precision': 'nf4', ...short }
  const split = (await forecastMemory(config('Qwen/Qwen2-7B-Instruct', { ...nf4, 'model.prompt': 'compact' })))!
  const instruct = (await forecastMemory(config('Qwen/Qwen2-7B-Instruct', nf4)))!
  expect(instruct.most).toBeGreaterThan(split.most!)
  expect(split.least).toBe(large.least)
  expect(split.most).toBeLessThan(9e9)
  expect((await forecastMemory(config('models/base')))!.least).toBe(1e9)
  expect(await forecastMemory(config('Some/Model'))).toBeNull()
  expect(await forecastMemory(config('Qwen/Qwen2-7B', { 'model.engine': 'tfjs' }))).toEqual({
    least: expect.toSatisfy((bytes: number) => bytes > 30e9),
    most: null,
  })
})

testNative('disk is foretold: a download less what was begun of it, and the weights in 4 bits', async () => {
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'hub'))
  const large = config('Qwen/Qwen2-7B-Instruct', { 'model.precision': 'nf4', 'model.engine': 'native' })
  const { download, places } = await forecastDisk(large)
  expect(download).toBe(2 * 7_615_616_512)
  expect(places).toHaveLength(1)
  expect(places[0]!.needed).toBeGreaterThan(download + 4.4e9)
  expect(places[0]!.needed).toBeLessThan(download + 8e9)
  const blobs = join(folder, 'hub/models--Qwen--Qwen2-7B-Instruct/blobs')
  mkdirSync(blobs, { recursive: true })
  writeFileSync(join(blobs, 'abc.incomplete'), Buffer.alloc(1000))
  expect((await forecastDisk(large)).download).toBe(download - 1000)
  vi.stubEnv('HF_HUB_OFFLINE', '1')
  expect((await forecastDisk(large)).download).toBe(0)

  const shipped = await forecastDisk(config('models/base'))
  expect(shipped.download).toBe(0)
  expect(shipped.places[0]!.needed).toBeLessThan(0.6e9)
  expect(shipped.places[0]!.free).toBeGreaterThan(0)
})
