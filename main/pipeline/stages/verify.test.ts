import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { testNative } from '../../../testing/native.ts'
import { parseConfig } from '../../config/config.ts'
import type { Resources } from '../resources.ts'
import { type CheckResult, runChecks } from './verify.ts'

const memory = vi.hoisted(() => ({ total: 32e9, available: 16e9 }))
vi.mock('../../engine/machine.ts', async (original) => ({ ...(await original()), memoryHere: () => memory }))

const folder = mkdtempSync(join(tmpdir(), 'verify-'))
afterEach(() => {
  vi.unstubAllEnvs()
})

/** The findings about the machine, and whether the model was opened. */
async function look(overrides: Record<string, unknown>) {
  const config = parseConfig('', 'f', {
    'model.base_model_name': 'Qwen/Qwen2-7B-Instruct',
    'paths.store': join(folder, 'lab.sqlite'),
    'paths.reports': join(folder, 'reports'),
    ...overrides,
  })
  let opened = 0
  const resources: Partial<Resources> = {
    async model() {
      opened++
      throw new Error('the model was opened')
    },
  }
  const found = new Map<string, CheckResult>()
  const checks = runChecks({ config, resources: resources as Resources, signal: new AbortController().signal })
  try {
    for await (const check of checks) found.set(check.name, check)
  } catch {
    // The model, or the browser, which does not exist here.
  }
  return { found, opened }
}

testNative('a download is named with its size before the model is opened', async () => {
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'hub'))
  memory.available = 16e9
  const { found } = await look({ 'model.engine': 'native', 'model.precision': 'nf4' })
  const disk = found.get('disk')!
  expect(disk.detail).toMatch(/15\.23 GB of it to download|the model's download/)
  expect(found.get('card')?.detail).toBe('not needed: native computes on the processor')
  expect(found.get('memory')).toMatchObject({ ok: true, messages: [{ id: 'foundShortMemory' }] })
  expect(found.get('memory')?.detail).toMatch(/5\.\d\d GB needed at least, up to \d+\.\d\d GB/)
})

testNative('a model for which there is no room is neither downloaded nor loaded', async () => {
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'hub'))
  memory.available = 2e9
  const { found, opened } = await look({ 'model.engine': 'native', 'model.precision': 'nf4' })
  expect(found.get('memory')).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/^At least .* are needed, but only .* are free; close/),
  })
  expect(found.get('model')).toMatchObject({ ok: false })
  expect(opened).toBe(0)
})

test('a model that TensorFlow.js cannot hold is reported', async () => {
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'hub'))
  vi.stubEnv('PATH', '/nowhere')
  memory.available = 16e9
  const { found, opened } = await look({ 'model.engine': 'tfjs-node-gpu' })
  expect(found.get('card')?.detail).toBe('nvidia-smi finds none: tfjs-node-gpu computes on the processor')
  expect(found.get('memory')?.detail).toMatch(/^tfjs-node-gpu holds weights in fp32, which takes 30\.46 GB/)
  expect(opened).toBe(0)
})
