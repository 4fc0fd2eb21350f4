/**
 * The desktop app in real Electron. Runs where its executable and a display exist; `npm start` downloads the
 * executable.
 */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ElectronApplication, _electron as electron } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PROGRAM_ROOT } from '../main/files/paths.ts'

const { findElectron } = (await import(`${PROGRAM_ROOT}/app/start.mjs`)) as {
  findElectron: (where: { get: boolean }) => Promise<{ readonly path?: string; readonly reason?: string }>
}
const { path, reason } = await findElectron({ get: false })

describe.skipIf(path === undefined)(`in Electron itself${reason === undefined ? '' : ` (not here: ${reason})`}`, () => {
  let app: ElectronApplication
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'electron-binary-'))
    const config = join(folder, 'config.yaml')
    writeFileSync(config, `paths: { store: ${folder}/lab.sqlite, sft_data: ${folder}/golden.jsonl }\n`)
    const args = [PROGRAM_ROOT, '--config_path', config, `--user-data-dir=${folder}`]
    app = await electron.launch({ executablePath: path ?? '', args, cwd: PROGRAM_ROOT })
  })
  afterAll(() => app?.close())

  test('the window shows the lab, and its page has no access to Node', async () => {
    const page = await app.firstWindow()
    await page.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\/(#.*)?$/)
    expect(await page.evaluate('[typeof require, typeof process, typeof module].join()')).toBe(
      'undefined,undefined,undefined',
    )
    expect(await page.evaluate(`window.open('https://example.com') === null`)).toBe(true)
    expect(await page.evaluate(`Notification.requestPermission()`)).toBe('denied')
  })

  test('a task is played in a hidden window, and its pictures are streamed', async () => {
    const page = await app.firstWindow()
    const answer = await page.evaluate(`new Promise((resolve, reject) => {
      const socket = new WebSocket('ws://' + location.host + '/trpc')
      const ask = (id, method, path, input) => socket.send(JSON.stringify({ id, method, params: { path, input } }))
      socket.onopen = () => {
        ask(1, 'subscription', 'live.sights', {})
        ask(2, 'mutation', 'live.record', { task: 'click-button', seed: 3 })
      }
      const seen = {}
      socket.onmessage = ({ data }) => {
        const { id, result, error } = JSON.parse(data)
        if (error) reject(new Error(error.message))
        if (id === 1 && result?.data?.jpeg) seen.frame = result.data.jpeg.length
        if (id === 2) seen.screen = result.data.screen
        if (seen.frame && seen.screen) resolve(seen)
      }
      setTimeout(() => reject(new Error('nothing came: ' + JSON.stringify(seen))), 20000)
    })`)
    expect(answer).toMatchObject({ screen: 'record-1', frame: expect.any(Number) })
    const hidden = await app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map((one) => one.isVisible()),
    )
    expect(hidden.sort()).toEqual([false, true])
  })
})
