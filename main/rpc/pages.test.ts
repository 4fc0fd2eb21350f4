/** Pages of the user, in a home of their own. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import type { Context } from './trpc.ts'

const home = mkdtempSync(join(tmpdir(), 'home-'))
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(home, { recursive: true, force: true })
})

test('the first page makes the folder of pages and names it in the settings; the second one finds both', async () => {
  vi.stubEnv('DPO_DRIVER_HOME', home)
  vi.resetModules()
  const { pagesRouter } = await import('./pages.ts')
  const { Settings } = await import('../config/settings.ts')
  writeFileSync(join(home, 'config.yaml'), '# mine\n')
  const settings = new Settings(join(home, 'config.yaml'))
  const lab = { tellConfigured: vi.fn() }
  const pages = pagesRouter.createCaller({ settings, lab } as unknown as Context)
  const { html, isNew } = await pages.start()
  expect(isNew).toBe(true)
  const { version } = await pages.save({ name: 'pick-word', html, before: null })
  expect(existsSync(join(home, 'tasks/pick-word.html'))).toBe(true)
  expect(settings.read().environment.tasks_dir).toBe('tasks')
  expect(lab.tellConfigured).toHaveBeenCalledOnce()
  expect(await pages.start()).toMatchObject({ isNew: false })
  expect(await pages.get({ name: 'pick-word' })).toEqual({ name: 'pick-word', html, version })
  await expect(pages.save({ name: 'pick-word', html, before: null })).rejects.toThrow(/It was not replaced/)
  await expect(pages.get({ name: '../config' })).rejects.toThrow(/mustBePageName/)
})
