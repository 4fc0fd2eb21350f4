import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.resetModules()
})

test('the user’s files are in the program’s folder, or in the folder that DPO_DRIVER_HOME names', async () => {
  vi.stubEnv('DPO_DRIVER_HOME', '')
  vi.resetModules()
  const { PROGRAM_ROOT, projectPath } = await import('./paths.ts')
  expect(existsSync(join(PROGRAM_ROOT, 'package.json'))).toBe(true)
  expect(projectPath('data/lab.sqlite')).toBe(join(PROGRAM_ROOT, 'data/lab.sqlite'))
  const { shownPath } = await import('./paths.ts')
  expect([PROGRAM_ROOT, join(PROGRAM_ROOT, 'data'), '/elsewhere'].map(shownPath)).toEqual(['.', 'data', '/elsewhere'])

  vi.stubEnv('DPO_DRIVER_HOME', '/home/someone/lab')
  vi.resetModules()
  const installed = await import('./paths.ts')
  expect(installed.PROGRAM_ROOT).toBe(PROGRAM_ROOT)
  expect(installed.projectPath('data/lab.sqlite')).toBe('/home/someone/lab/data/lab.sqlite')
  expect(installed.projectPath('/elsewhere')).toBe('/elsewhere')
})
