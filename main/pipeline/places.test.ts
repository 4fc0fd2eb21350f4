import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import { PROGRAM_ROOT } from '../files/paths.ts'
import { takePlaces, type Uses } from './places.ts'

let room: string
beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'places-'))
})
afterEach(() => rmSync(room, { recursive: true, force: true }))

const WRITES: Uses = {
  sft_data: 'write',
  preference_data: 'write',
  sft_adapter_path: 'write',
  dpo_adapter_path: 'write',
}
const NAMES = { sft_data: 'golden.jsonl', preference_data: 'pairs.jsonl', sft_adapter_path: 'sft' }

function take(paths: Readonly<Record<string, string>> = {}, uses = WRITES) {
  const all = { ...NAMES, dpo_adapter_path: 'dpo', store: 'lab.sqlite', reports: 'reports', ...paths }
  const own = Object.entries(all).map(([key, path]) => [key, join(room, path)])
  return takePlaces(configSchema.parse({ paths: { ...Object.fromEntries(own), ...absolute(paths) } }), uses)
}
const absolute = (paths: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(paths).filter(([, path]) => path.startsWith('/')))

const make = (path: string) => mkdirSync(join(room, path), { recursive: true })
const put = (path: string, text = '') => writeFileSync(join(room, path), text)

test('places that are missing are as good as empty ones, and taking them leaves nothing behind', () => {
  take()()
  expect(readdirSync(room)).toEqual([])
  for (const name of ['sft', 'dpo']) make(`${name}/checkpoint-50`)
  put('sft/README.md')
  take()()
  expect(readdirSync(room, { recursive: true }).sort()).toEqual([
    'dpo',
    'dpo/checkpoint-50',
    'sft',
    'sft/README.md',
    'sft/checkpoint-50',
  ])
})

test('locks that a killed command left are removed, also beside places that this one does not use', () => {
  for (const name of ['golden.jsonl-lock', 'sft-lock', 'dpo-lock']) put(name)
  take({}, {})()
  expect(readdirSync(room)).toEqual([])
})

test('something else in the place is named', () => {
  put('sft')
  expect(take).toThrow(/^paths.sft_adapter_path is \S+sft, which is not a folder;/)
  rmSync(join(room, 'sft'))
  make('golden.jsonl')
  expect(take).toThrow(/^paths.sft_data is \S+golden.jsonl, which is not a file;/)
  rmSync(join(room, 'golden.jsonl'), { recursive: true })
  make('dpo/adapter_config.json')
  expect(take).toThrow(/adapter_config.json: there is something else where this file belongs/)
})

test.skipIf(process.platform === 'win32')('a pipe is refused and not waited for; a device is not', () => {
  execFileSync('mkfifo', [join(room, 'pairs.jsonl')])
  expect(take).toThrow(/^paths.preference_data is \S+pairs.jsonl, which is not a file;/)
  take({ preference_data: '/dev/null' }, { preference_data: 'write' })()
})

test('a folder that holds more than an adapter is refused: home, root, the project and what is above it', () => {
  for (const path of [homedir(), '/', PROGRAM_ROOT, join(PROGRAM_ROOT, '..')]) {
    expect(() => take({ sft_adapter_path: path })).toThrow(/^paths.sft_adapter_path is .* holds more than an adapter/)
  }
})

test('a folder with a whole model is refused, unless it is only read', () => {
  const base = join(PROGRAM_ROOT, 'models/base')
  expect(() => take({ dpo_adapter_path: base })).toThrow(/^paths.dpo_adapter_path is .* a whole model is/)
  take({ dpo_adapter_path: base }, { dpo_adapter_path: 'read' })()
  expect(existsSync(`${base}-lock`)).toBe(false)
})

test('one place for two things is refused, also by way of a link', () => {
  expect(() => take({ dpo_adapter_path: 'sft' })).toThrow(
    /sft is in both paths.sft_adapter_path and paths.dpo_adapter_path/,
  )
  expect(() => take({ preference_data: 'golden.jsonl' })).toThrow(/both paths.sft_data and paths.preference_data/)
  expect(() => take({ store: 'golden.jsonl' })).toThrow(/both paths.sft_data and paths.store/)
  make('dpo')
  symlinkSync(join(room, 'dpo'), join(room, 'sft'))
  expect(take).toThrow(/both paths.sft_adapter_path and paths.dpo_adapter_path/)
})

test('the folder of a run belongs to that run', () => {
  make('elsewhere/lab-3/sft_adapter')
  put('elsewhere/lab-3/run.json', JSON.stringify({ run: 3, started: 1, store: '../lab.sqlite' }))
  expect(() => take({ sft_adapter_path: 'elsewhere/lab-3/sft_adapter' })).toThrow(/belongs to an earlier run/)
  take({ sft_adapter_path: 'elsewhere/lab-3/sft_adapter' }, { sft_adapter_path: 'read' })()
})

test('all places that another command uses are in one sentence', () => {
  const release = take()
  expect(() => take({ preference_data: 'other.jsonl', dpo_adapter_path: 'other' })).toThrow(
    /^Another command is using \S+golden.jsonl, \S+sft; wait for it, or set paths.sft_data, paths.sft_adapter_path to/,
  )
  release()
  take()()
})
