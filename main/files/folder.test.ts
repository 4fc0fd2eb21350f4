import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UserError } from '../messages/error.ts'
import { replaceFiles, settleFolder } from './folder.ts'

let room: string
let path: string
beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'folder-'))
  path = join(room, 'deep', 'adapter')
})
afterEach(() => rmSync(room, { recursive: true, force: true }))

const put = (files: Record<string, string>) => (folder: string) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
}
const pair = (text: string) => ({ 'adapter_config.json': text, weights: text })
const content = (folder = path) =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [
        join(parentPath, name).slice(folder.length + 1),
        readFileSync(join(parentPath, name), 'utf8'),
      ]),
  )
/** The name that a process with this number and start gives to its unfinished work here. */
const nameOf = (pid: number, start: string | number, kind: string) => {
  const own = /dpo-driver-\d+-\d+-(\d+)/.exec(ownName())
  return `.dpo-driver-${pid}-${start}-${own?.[1]}.${kind}`
}
let seen = ''
const ownName = () => seen
beforeEach(async () => {
  await replaceFiles(join(room, 'first'), (folder) => {
    seen = folder
  })
  rmSync(join(room, 'first'), { recursive: true })
})

test('makes a folder, and replaces only the files that are written', async () => {
  await replaceFiles(path, put(pair('1')))
  expect(readdirSync(join(room, 'deep'))).toEqual(['adapter'])
  mkdirSync(join(path, 'checkpoint-50'))
  put({ 'README.md': 'mine', 'checkpoint-50/optimizer.pt': 'mine too' })(path)
  await replaceFiles(path, put(pair('2')))
  expect(content()).toEqual({ ...pair('2'), 'README.md': 'mine', 'checkpoint-50/optimizer.pt': 'mine too' })
})

test('leaves the old files if writing fails, and no folder where there was none', async () => {
  await replaceFiles(path, put(pair('old')))
  const broken = (folder: string) => {
    put({ weights: 'half' })(folder)
    throw new Error('killed')
  }
  await expect(replaceFiles(path, broken)).rejects.toThrow('killed')
  expect(content()).toEqual(pair('old'))
  expect(readdirSync(path)).toHaveLength(2)
  await expect(replaceFiles(join(room, 'other'), broken)).rejects.toThrow('killed')
  expect(readdirSync(room)).toEqual(['deep'])
})

test('writes through a link to a folder, which stays a link', async () => {
  mkdirSync(join(room, 'far'))
  put({ notes: 'mine' })(join(room, 'far'))
  symlinkSync(join(room, 'far'), join(room, 'link'))
  await replaceFiles(join(room, 'link'), put(pair('1')))
  expect(content(join(room, 'far'))).toEqual({ ...pair('1'), notes: 'mine' })
})

test('a file where the folder should be, and a folder where a file should be, are named; nothing is replaced', async () => {
  put({ taken: 'a file' })(room)
  await expect(replaceFiles(join(room, 'taken'), put(pair('1')))).rejects.toThrow(UserError)
  expect(readFileSync(join(room, 'taken'), 'utf8')).toBe('a file')
  mkdirSync(join(path, 'weights'), { recursive: true })
  put({ 'adapter_config.json': 'old', 'weights/inside': 'mine' })(path)
  await expect(replaceFiles(path, put(pair('1')))).rejects.toThrow(/weights: there is something else/)
  expect(content()).toEqual({ 'adapter_config.json': 'old', 'weights/inside': 'mine' })
})

test('what a dead process had completed is moved in, and what it had not is removed', async () => {
  await replaceFiles(path, put(pair('old')))
  const [tmp, ready] = [nameOf(2 ** 22 + 1, 5, 'tmp'), nameOf(2 ** 22 + 1, 5, 'ready')] as const
  mkdirSync(join(path, tmp))
  put({ weights: 'half' })(join(path, tmp))
  settleFolder(path)
  expect(content()).toEqual(pair('old'))
  expect(readdirSync(path)).toHaveLength(2)

  // Killed after the configuration was removed, and after one file was moved.
  for (const arrived of [false, true]) {
    mkdirSync(join(path, ready))
    put(pair('new'))(join(path, ready))
    rmSync(join(path, 'adapter_config.json'))
    if (arrived) renameSync(join(path, ready, 'weights'), join(path, 'weights'))
    settleFolder(path)
    expect(content()).toEqual(pair('new'))
    expect(readdirSync(path)).toHaveLength(2)
  }
})

test.skipIf(!existsSync('/proc'))(
  'the work of a living process stays, and that of an earlier one with its number does not',
  async () => {
    await replaceFiles(path, put(pair('old')))
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8')
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!
    const [living, reused, elsewhere] = [
      nameOf(process.ppid, start, 'tmp'),
      nameOf(process.ppid, Number(start) - 1, 'tmp'),
      `.dpo-driver-1-1-1.tmp`,
    ]
    for (const name of [living, reused, elsewhere]) mkdirSync(join(path, name))
    settleFolder(path)
    expect([living, reused, elsewhere].map((name) => existsSync(join(path, name)))).toEqual([true, false, true])
  },
)

test('a kill at any instant leaves one complete version, and what others put there', async () => {
  const writer = `
    import { writeFileSync } from 'node:fs'
    import { replaceFiles } from ${JSON.stringify(new URL('./folder.ts', import.meta.url).href)}
    for (let version = 0; ; version++) {
      await replaceFiles(${JSON.stringify(path)}, (folder) => {
        for (const name of ['adapter_config.json', 'weights']) writeFileSync(folder + '/' + name, String(version))
      })
      if (version === 0) console.log('writing')
    }`
  mkdirSync(path, { recursive: true })
  put({ notes: 'mine' })(path)
  for (let kill = 0; kill < 8; kill++) {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', writer], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    await setTimeout(1 + 5 * kill)
    child.kill('SIGKILL')
    await once(child, 'exit')
    // A program that does not settle the folder sees one version too, or no configuration.
    const { 'adapter_config.json': configuration, weights } = content()
    if (configuration !== undefined) expect(configuration).toBe(weights)
    settleFolder(path)
    expect(readdirSync(path)).toEqual(['adapter_config.json', 'notes', 'weights'])
    const settled = content()
    expect(settled['adapter_config.json']).toBe(settled.weights)
    expect(settled.notes).toBe('mine')
  }
})
