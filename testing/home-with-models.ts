/** For tests of Vitest: the user's home has models of other programs. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest'
import { installedEnvironment, writeInstalledModels } from './installed-models.ts'

/** Gives the tests of a file such a home. Returns its path, which is there from the first test on. */
export function homeWithModels(): () => string {
  let home = ''
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'models-'))
    await writeInstalledModels(home)
  })
  afterAll(() => rmSync(home, { recursive: true }))
  beforeEach(() => {
    vi.stubEnv('HOME', home)
    for (const [name, value] of Object.entries(installedEnvironment(home))) vi.stubEnv(name, value)
  })
  afterEach(() => vi.unstubAllEnvs())
  return () => home
}
