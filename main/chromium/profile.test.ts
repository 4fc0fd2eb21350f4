/** What becomes of browsers and their files, whichever of lab and browser is stopped or killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { browsersOf, membersOf } from '../../testing/browsers.ts'

let folder: string
const labs: ChildProcess[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'profiles-'))
  for (const name of ['home', 'one', 'two']) mkdirSync(join(folder, name))
})
afterEach(() => {
  for (const lab of labs.splice(0)) lab.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const MODULES = {
  browser: new URL('../environment/browser.ts', import.meta.url).href,
  profile: new URL('profile.ts', import.meta.url).href,
}

/** A lab of its own, with its own home and one of two folders for temporary files. It says what it has done so far. */
function lab(temporary: 'one' | 'two', script: string) {
  const code = `
    import { chromiumHost } from '${MODULES.browser}'
    import { removeLeftProfiles } from '${MODULES.profile}'
    ${script}`
  const env = { ...process.env, HOME: join(folder, 'home'), TMPDIR: join(folder, temporary) }
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  labs.push(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    pid: child.pid!,
    ended,
    said: () => said,
    async until(word: string) {
      while (!said.includes(word)) await pause(20)
    },
    answer: () => child.stdin.write('go on\n'),
    kill: () => child.kill('SIGKILL'),
  }
}

const OPEN = `
  const host = chromiumHost()
  const page = await host.open()
  console.log('open')
  await new Promise((resolve) => process.stdin.once('data', resolve))
  process.stdin.destroy()`

const profiles = (temporary: string) => readdirSync(join(folder, temporary)).filter((name) => name.startsWith('dpo-'))

/** Waits until nothing is left of a browser. Vitest's limit ends the wait. */
async function gone(browser: number): Promise<void> {
  while (membersOf(browser).length > 0) await pause(20)
}

test.runIf(process.platform === 'linux')(
  'a killed lab takes its browser along, and the next lab removes the files, but not those of a living one',
  async () => {
    const [killed, living] = [lab('one', OPEN), lab('one', OPEN)]
    await Promise.all([killed.until('open'), living.until('open')])
    expect(profiles('one')).toHaveLength(2)
    const [browser] = browsersOf(killed.pid)
    killed.kill()
    await gone(browser!)
    expect(profiles('one')).toHaveLength(2)
    // The next lab has another folder for temporary files.
    expect(await lab('two', 'await removeLeftProfiles()').ended).toBe(0)
    expect(profiles('one')).toHaveLength(1)
    living.answer()
    await living.until('open')
    expect(browsersOf(living.pid)).toHaveLength(1)
  },
  30_000,
)

test.runIf(process.platform === 'linux')(
  'a stopped browser that a killed lab left is ended by the next one',
  async () => {
    const killed = lab('one', OPEN)
    await killed.until('open')
    const [browser] = browsersOf(killed.pid)
    process.kill(-browser!, 'SIGSTOP')
    killed.kill()
    await killed.ended
    expect(membersOf(browser!).length).toBeGreaterThan(1)
    expect(await lab('one', 'await removeLeftProfiles()').ended).toBe(0)
    await gone(browser!)
    expect(profiles('one')).toEqual([])
  },
  30_000,
)

test.runIf(process.platform === 'linux').each(['SIGSTOP', 'SIGKILL'] as const)(
  'a lab ends when all of its browser is stopped and one process of it got %s, and leaves nothing',
  async (signal) => {
    const script = `${OPEN}
      // More than a pipe holds, so that a write is under way when the browser is ended.
      for (let i = 0; i < 20; i++) page.evaluate('"' + 'x'.repeat(100_000) + '"').catch(() => {})
      await host.close()
      console.log('closed')`
    const one = lab('one', script)
    await one.until('open')
    const [browser] = browsersOf(one.pid)
    process.kill(-browser!, 'SIGSTOP')
    process.kill(browser!, signal)
    one.answer()
    expect([await one.ended, one.said()]).toEqual([0, 'open\nclosed\n'])
    await gone(browser!)
    expect(profiles('one')).toEqual([])
  },
  30_000,
)

test('only folders of the lab are removed, and only when their lab has ended', async () => {
  const kept = ['dpo-driver-browser-new', 'dpo-driver-other', 'someone-else']
  for (const name of [...kept, 'dpo-driver-browser-left']) mkdirSync(join(folder, 'one', name))
  writeFileSync(join(folder, 'one', 'dpo-driver-browser-file'), '')
  // A socket on which nobody listens any more.
  const left = lab(
    'two',
    `
    import { createServer } from 'node:net'
    createServer().listen('${join(folder, 'one', 'dpo-driver-browser-left', 'owner')}', () => process.kill(process.pid, 'SIGKILL'))`,
  )
  await left.ended
  const server = createServer()
  mkdirSync(join(folder, 'one', 'dpo-driver-browser-alive'))
  await new Promise<void>((resolve) => server.listen(join(folder, 'one', 'dpo-driver-browser-alive', 'owner'), resolve))
  expect(await lab('one', 'await removeLeftProfiles()').ended).toBe(0)
  server.close()
  expect(readdirSync(join(folder, 'one')).sort()).toEqual(
    ['dpo-driver-browser-alive', 'dpo-driver-browser-file', ...kept].sort(),
  )
  expect(existsSync(join(folder, 'one', 'dpo-driver-browser-left'))).toBe(false)
})

test('a folder whose removal was interrupted is removed by the next lab', async () => {
  const first = lab(
    'one',
    `
    import { mkdirSync, readdirSync } from 'node:fs'
    import { makeProfile } from '${MODULES.profile}'
    const { folder, remove } = await makeProfile()
    for (let n = 0; n < 500; n++) mkdirSync(folder + '/' + n)
    const all = readdirSync(folder).length
    remove()
    const watch = () => (readdirSync(folder).length < all ? process.kill(process.pid, 'SIGKILL') : setImmediate(watch))
    watch()`,
  )
  await first.ended
  expect(profiles('one')).toHaveLength(1)
  expect(await lab('one', 'await removeLeftProfiles()').ended).toBe(0)
  expect(profiles('one')).toEqual([])
})
