import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
import { english } from '../../messages/say.ts'
import { speaker } from '../../messages/speaker.ts'
import { CHINESE } from '../../messages/zh.ts'
import { KERNELS, loadAddon } from './addon.ts'

const chinese = speaker('zh-CN', CHINESE)

/** The names that native/ gives its tables of kernels. */
const NAMES = ['kernels_avx2', 'kernels_avx512', 'kernels_choose', 'kernels_portable'].flatMap((file) => {
  const source = readFileSync(new URL(`../../../native/${file}.cc`, import.meta.url), 'utf8')
  return [...source.matchAll(/(?:kernelTable<.*>\(|mixed\.name = |named\(.*, )"([^"]+)"/g)].map(([, name]) => name!)
})

test('every table of kernels has words in both languages', () => {
  expect(NAMES.toSorted()).toEqual(Object.keys(KERNELS).toSorted())
  for (const said of Object.values(KERNELS)) {
    expect(english(said)).not.toBe(said.id)
    // Names of instruction sets and formats stay as they are.
    expect(chinese(said)).not.toMatch(/\b(?!bf16\b)[a-z]{2,}\b/)
  }
})

test('an engine says in both languages what it computes with, and why it was chosen', () => {
  const threads = message('threads', { count: 2 })
  const native = message('nativeEngine', { kernels: KERNELS['avx512-bf16'], threads })
  expect(english(native)).toBe('native, AVX-512 with products in bf16, 2 threads')
  expect(chinese(native)).toBe('原生，AVX-512，乘积用 bf16，2 个线程')
  const problem = message('nativeNotBuilt', { file: 'x.node' })
  const noted = message('engineNoted', {
    engine: message('tfjsCpu', { threads: message('threads', { count: 1 }) }),
    note: message('chosenWithoutNative', { problem }),
  })
  expect(english(noted)).toBe(
    'TensorFlow.js in plain JavaScript, 1 thread; training is many times slower than with the native engine. The native engine is not built (x.node is missing); run npm run build:native, or set model.engine to tfjs.',
  )
  expect(chinese(noted)).toBe(
    'TensorFlow.js，运行于纯 JavaScript，1 个线程；训练比用原生引擎慢许多倍。原生引擎没有编译（缺少 x.node）；请运行 npm run build:native，或把 model.engine 设为 tfjs。',
  )
})

test('an addon that was built from other sources is refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'addon-'))
  const made = (version: object) => {
    const file = join(folder, `${JSON.stringify(version).length}.cjs`)
    writeFileSync(file, `module.exports = ${JSON.stringify({ ...version, bf16Products: true })}`)
    return file
  }
  const source = readFileSync(new URL('../../../native/addon.cc', import.meta.url), 'utf8')
  const version = Number(/"interface", Napi::Number::New\(env, (\d+)\)/.exec(source)?.[1])
  expect(loadAddon(made({ interface: version })).bf16Products).toBe(true)
  expect(() => loadAddon(made({}))).toThrow(/built from other sources .*npm run build:native/)
  expect(() => loadAddon(made({ interface: version + 10 }))).toThrow(UserError)
  rmSync(folder, { recursive: true })
})
