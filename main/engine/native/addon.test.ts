import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { english } from '../../messages/say.ts'
import { speaker } from '../../messages/speaker.ts'
import { CHINESE } from '../../messages/zh.ts'
import { KERNELS } from './addon.ts'

/** The names that native/ gives its tables of kernels. */
const NAMES = ['kernels_avx2', 'kernels_avx512', 'kernels_choose', 'kernels_portable'].flatMap((file) => {
  const source = readFileSync(new URL(`../../../native/${file}.cc`, import.meta.url), 'utf8')
  return [...source.matchAll(/(?:kernelTable<.*>\(|mixed\.name = |named\(.*, )"([^"]+)"/g)].map(([, name]) => name!)
})

test('every table of kernels has words in both languages', () => {
  expect(NAMES.toSorted()).toEqual(Object.keys(KERNELS).toSorted())
  const chinese = speaker('zh-CN', CHINESE)
  for (const said of Object.values(KERNELS)) {
    expect(english(said)).not.toBe(said.id)
    // Names of instruction sets and formats stay as they are.
    expect(chinese(said)).not.toMatch(/\b(?!bf16\b)[a-z]{2,}\b/)
  }
})
