import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { configSchema } from '../../main/config/schema.ts'
import { Store } from '../../main/store/store.ts'
import { dpoDriver } from '../cli.ts'

let folder: string
const at = (name: string) => join(folder, name)

const FOLDERS = { sft_adapter_path: 'sft', dpo_adapter_path: 'models/dpo', reports: 'reports' }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'export-'))
  const files = { store: 'lab.sqlite', sft_data: 'golden.jsonl', preference_data: 'pairs.jsonl' }
  const paths = Object.fromEntries(Object.entries({ ...files, ...FOLDERS }).map(([key, name]) => [key, at(name)]))
  const settings = {
    paths,
    model: { base_model_name: at('base') },
    environment: { tasks_dir: at('tasks'), miniwob: at('miniwob') },
    tracking: { uri: `file:${at('records')}` },
  }
  writeFileSync(at('my.yaml'), JSON.stringify(settings))
  for (const name of ['base/config.json', 'blob', 'golden.jsonl', 'sft/adapter_config.json', 'tasks/own.html'])
    put(name)
  for (const name of ['miniwob/core.js', 'records/0/meta.yaml', 'reports/lab-1/report.html', 'there/else.txt'])
    put(name)
  put('reports/lab-1/run.json', '{"run": 1, "started": 1, "store": "../../lab.sqlite"}')
  symlinkSync(at('blob'), at('base/model.safetensors'))
  const store = new Store(at('lab.sqlite'))
  store.runs.create('trial', 'collect', configSchema.parse({}))
  const pair = { task: 'click-tab', step: 0, chosenAttempt: 0, rejectedAttempt: 1, margin: 1, prompt: 'p' }
  const answers = { chosen: 'Thought: A\nAction: press Enter', rejected: 'Thought: B\nAction: press Tab' }
  store.pairs.replace(
    { run: 1, round: 1 },
    [1, 2].map((seed) => ({ ...pair, ...answers, seed })),
  )
  store.close()
})

function put(name: string, text = 'mine'): void {
  mkdirSync(dirname(at(name)), { recursive: true })
  writeFileSync(at(name), text)
}

/** Runs a command line. Returns what it wrote and its exit code. */
async function lab(...args: string[]) {
  const written = { out: '', err: '' }
  const into = (key: keyof typeof written) => ({ write: (text: string) => (written[key] += text) })
  const status = await dpoDriver([...args, '--config_path', at('my.yaml')], { out: into('out'), err: into('err') })
  return { status, ...written }
}

const content = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && !one.name.startsWith('lab.sqlite'))
    .map((one) => [join(one.parentPath, one.name), readFileSync(join(one.parentPath, one.name), 'utf8')])
    .sort()

test.each([
  ['lab.sqlite', 'paths.store'],
  ['lab.sqlite-wal', 'paths.store'],
  ['lab.sqlite-shm', 'paths.store'],
  ['lab.sqlite-lock', 'paths.store'],
  ['golden.jsonl', 'paths.sft_data'],
  ['golden.jsonl-lock', 'paths.sft_data'],
  ['pairs.jsonl', 'paths.preference_data'],
  ['sft/adapter_config.json', 'paths.sft_adapter_path'],
  ['sft/adapter_model.safetensors', 'paths.sft_adapter_path'],
  ['models', 'paths.dpo_adapter_path'],
  ['models/dpo', 'paths.dpo_adapter_path'],
  ['base/config.json', 'model.base_model_name'],
  ['base/model.safetensors', 'model.base_model_name'],
  ['blob', 'model.base_model_name'],
  ['tasks/own.html', 'environment.tasks_dir'],
  ['records/0/meta.yaml', 'tracking.uri'],
  ['reports/lab-1/run.json', 'paths.reports'],
  ['reports/lab-1/report.html', 'paths.reports'],
  ['reports/lab-1-lock', 'paths.reports'],
  ['my.yaml', '--config_path'],
])('an export onto %s is refused, which belongs to %s', async (name, key) => {
  const before = content()
  const links = mkdtempSync(join(tmpdir(), 'links-'))
  symlinkSync(at(name), join(links, 'link'))
  symlinkSync(folder, join(links, 'way'))
  for (const path of [at(name), relative(process.cwd(), at(name)), join(links, 'link'), join(links, 'way', name)]) {
    const { status, out, err } = await lab('export', 'kto', path)
    expect({ status, out }).toEqual({ status: 2, out: '' })
    expect(err).toContain(` belongs to ${key} (`)
    expect(err.trim().split('\n')).toHaveLength(1)
  }
  expect(content()).toEqual(before)
  expect((await lab('runs')).out).toContain('trial')
})

test('every kind of export leaves the store as it is', async () => {
  for (const what of ['preferences', 'kto', 'episodes', 'metrics']) {
    expect(await lab('export', what, at('lab.sqlite'))).toMatchObject({ status: 2 })
  }
  expect((await lab('runs')).out).toContain('trial')
})

test('any other file is written, also a new one in a new folder or beside a report; a folder is refused', async () => {
  for (const name of ['there/else.txt', 'new/deep/kto.jsonl', 'reports/kto.jsonl', 'reports/lab-1/kto.jsonl']) {
    for (const _ of ['first', 'again'])
      expect(await lab('export', 'kto', at(name))).toMatchObject({ status: 0, err: '' })
    expect(readFileSync(at(name), 'utf8')).toContain('"completion"')
  }
  expect(await lab('export', 'kto', at('there'))).toMatchObject({
    status: 2,
    err: expect.stringMatching(/there: there is something else where this file belongs/),
  })
})

test.skipIf(process.platform === 'win32')('a device is written into; a pipe that nobody reads is refused', async () => {
  expect(await lab('export', 'kto', '/dev/null')).toMatchObject({ status: 0 })
  execFileSync('mkfifo', [at('pipe')])
  expect(await lab('export', 'kto', at('pipe'))).toMatchObject({ status: 2 })
})

test('an export of the preference file copies what was edited by hand, and the lab knows the new file', async () => {
  const path = at('pairs.jsonl')
  expect(await lab('export', 'preferences', path)).toMatchObject({ status: 0, out: `2 lines of run 1 in ${path}\n` })
  const exported = readFileSync(path, 'utf8')
  const edited = exported.replace('Thought: A', 'Thought: mine')
  writeFileSync(path, edited)
  symlinkSync(path, at('link'))
  const { status, out } = await lab('export', 'preferences', at('link'))
  expect({ status, out }).toEqual({ status: 0, out: expect.stringContaining('pairs.by-hand-1.jsonl') })
  expect(readFileSync(at('pairs.by-hand-1.jsonl'), 'utf8')).toBe(edited)
  expect(readFileSync(path, 'utf8')).toBe(exported)
  expect(await lab('export', 'preferences', path)).toMatchObject({ status: 0 })
  expect(existsSync(at('pairs.by-hand-2.jsonl'))).toBe(false)
})

test('a merge into a configured place is refused, also where nothing is there yet', async () => {
  for (const [name, key] of [
    ['models/dpo', 'paths.dpo_adapter_path'],
    ['pairs.jsonl', 'paths.preference_data'],
  ] as const) {
    const { status, err } = await lab('merge', at(name))
    expect({ status, err }).toEqual({ status: 2, err: expect.stringContaining(` belongs to ${key} (`) })
    expect(existsSync(at(name))).toBe(false)
  }
})
