/** What every test of the window starts with: a lab of its own, as `serve` starts it, and a page that shows it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, expect } from '@playwright/test'
import { projectPath } from '../main/files/paths.ts'
import { installedEnvironment, writeInstalledModels } from '../testing/installed-models.ts'
import { prepareLab } from '../testing/prepared-lab.ts'
import { prepareStudy } from '../testing/prepared-study.ts'
import { writeSmallLab } from '../testing/small-lab.ts'
import { writeTinyModel } from '../testing/tiny-model.ts'

export { expect }

/** Milliseconds to wait for work of the lab. */
export const LATER = 300_000

interface Options {
  /** The content of the lab's store: a finished run, that and two studies, or nothing. */
  stored: 'run' | 'studies' | 'nothing'
  /** Values of the configuration that differ from the small lab's. */
  settings: Readonly<Record<string, unknown>>
  /** Whether the lab's model is a tiny one, for tests that train and do not ask what is learnt. */
  tiny: boolean
  /** The names of the buttons on the pages of a finished run; by default plain ones. */
  words: readonly string[] | undefined
  /** Whether other programs have models on the machine. */
  installed: boolean
  /** Whether the reader has seen the tour. */
  toured: boolean
  /** Whether the page opens the address of those who only look. */
  readOnly: boolean
}

interface Fixtures {
  lab: { readonly folder: string; readonly url: string; readonly readUrl: string }
  /** Errors of the page. A test fails where any are left. */
  complaints: string[]
}

export const test = base.extend<Options & Fixtures>({
  stored: ['run', { option: true }],
  settings: [{}, { option: true }],
  tiny: [false, { option: true }],
  words: [undefined, { option: true }],
  installed: [false, { option: true }],
  toured: [true, { option: true }],
  readOnly: [false, { option: true }],

  lab: async ({ stored, settings, tiny, words, installed }, use, info) => {
    const folder = mkdtempSync(join(tmpdir(), 'window-'))
    const model = tiny && { base_model_name: await writeTinyModel(join(folder, 'tiny')), max_new_tokens: 40 }
    const given = model ? { ...settings, model } : settings
    const config = stored === 'nothing' ? writeSmallLab(folder, given) : await prepareLab(folder, given, words)
    if (stored === 'studies') {
      prepareStudy(config, 'beta')
      prepareStudy(config, 'repeated', { finished: true })
    }
    // Otherwise the tests would see the models of whoever runs them.
    if (installed) await writeInstalledModels(folder)
    const serve = spawn(
      process.execPath,
      [projectPath('app/cli.ts'), 'serve', '--read-only', '--config_path', config],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...installedEnvironment(folder) },
      },
    )
    let errors = ''
    serve.stderr.on('data', (text) => {
      errors += text
    })
    const [url = '', readUrl = ''] = await addressesOf(serve)
    await use({ folder, url, readUrl })
    const crashed = serve.exitCode !== null
    serve.kill('SIGTERM')
    await new Promise((ended) => (crashed ? ended(0) : serve.once('exit', ended)))
    rmSync(folder, { recursive: true, force: true })
    if (info.status !== info.expectedStatus) await info.attach('what the lab wrote to stderr', { body: errors })
    expect(crashed, errors).toBe(false)
  },

  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the wanted fixtures from the pattern.
  complaints: async ({}, use) => {
    const complaints: string[] = []
    await use(complaints)
    expect(complaints).toEqual([])
  },

  page: async ({ page, lab, complaints, toured, readOnly }, use) => {
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    if (toured) {
      await page.addInitScript(() => {
        const key = 'dpo-driver.settings'
        if (localStorage.getItem(key) === null) {
          localStorage.setItem(key, JSON.stringify({ state: { toured: true }, version: 0 }))
        }
      })
    }
    await page.goto(readOnly ? lab.readUrl : lab.url)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await use(page)
  },
})

/** The two addresses that `serve` prints. */
function addressesOf(child: ChildProcess): Promise<string[]> {
  return new Promise((found, fail) => {
    let output = ''
    child.stdout?.on('data', (chunk) => {
      output += chunk
      const addresses = output.match(/http:\/\/\S+(?=\s)/g) ?? []
      if (addresses.length === 2) found(addresses)
    })
    child.once('exit', (code) => fail(new Error(`serve ended with ${code}: ${output}`)))
  })
}
