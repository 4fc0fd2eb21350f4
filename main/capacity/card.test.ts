import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { findCard } from './card.ts'

afterEach(() => vi.unstubAllEnvs())

/** Replaces nvidia-smi by a script. */
function driver(script: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'card-'))
  writeFileSync(join(folder, 'nvidia-smi'), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, 'nvidia-smi'), 0o755)
  vi.stubEnv('PATH', folder)
}

test('the first card that the driver names, with its memory in bytes', async () => {
  driver("echo 'NVIDIA GeForce RTX 4060, 8188'; echo 'Another, 4096'")
  expect(await findCard()).toEqual({ name: 'NVIDIA GeForce RTX 4060', memory: 8188 * 2 ** 20 })
})

test('none where the driver is missing, fails, or says something else', async () => {
  driver('echo No devices were found; exit 6')
  expect(await findCard()).toBeNull()
  driver('echo No devices were found')
  expect(await findCard()).toBeNull()
  vi.stubEnv('PATH', '/nowhere')
  expect(await findCard()).toBeNull()
})
