import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { errorInWords } from './errors.ts'
import { engine } from './zh-engine.ts'

const inChinese = (description: string) => errorInWords(engine, description)
/** What is no name of an instruction set, a format or a program. */
const ENGLISH = /\b(?!bf16|fp32|nf4|int8|float32|npm|run|build|native\b)[a-z]{2,}\b/

it('says what every engine says of itself', () => {
  expect(inChinese('native, AVX-512 with products in bf16, 2 threads')).toBe('原生，AVX-512，乘积用 bf16，2 个线程')
  expect(inChinese('native, portable, 1 thread; weights nf4, embedding and head int8')).toBe(
    '原生，通用指令，1 个线程；权重 nf4，嵌入与输出层 int8',
  )
  expect(inChinese('TensorFlow.js on libtensorflow, on the processor, as CUDA 11 found no card')).toBe(
    'TensorFlow.js，运行于 libtensorflow，使用处理器，因为 CUDA 11 没有找到显卡',
  )
  expect(inChinese('an engine of tomorrow')).toBe('an engine of tomorrow')
})

it('knows every table of kernels by its name', () => {
  const names = ['kernels_avx2', 'kernels_avx512', 'kernels_choose', 'kernels_portable'].flatMap((file) => {
    const source = readFileSync(new URL(`../../native/${file}.cc`, import.meta.url), 'utf8')
    return [...source.matchAll(/(?:kernelTable<.*>\(|mixed\.name = |named\(.*, )"([^"]+)"/g)].map(([, name]) => name!)
  })
  expect(names.length).toBeGreaterThanOrEqual(8)
  // Double precision is for tests.
  for (const name of names.filter((one) => !one.endsWith('double precision'))) {
    expect(inChinese(`native, ${name}, 8 threads`), name).not.toMatch(ENGLISH)
  }
})

it('knows what TensorFlow.js runs on', () => {
  const source = readFileSync(new URL('../../main/engine/tfjs/engine.ts', import.meta.url), 'utf8')
  const described = [...source.matchAll(/return '(TensorFlow\.js [^']+)'/g)].map(([, text]) => text!)
  expect(described.length).toBe(2)
  for (const text of described) expect(inChinese(text)).toMatch(/^TensorFlow\.js，运行于/)
})
