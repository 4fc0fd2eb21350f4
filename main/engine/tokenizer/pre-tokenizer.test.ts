import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { QWEN2_CUTS } from '../../../testing/qwen2-cuts.ts'
import { PROGRAM_ROOT } from '../../files/paths.ts'
import { cutsAsQwen2, keepPreTokenizer } from './pre-tokenizer.ts'

/** The head of the tokenizer.json of Qwen2, Qwen2.5 and Qwen3. */
const QWEN2 = {
  normalizer: { type: 'NFC' },
  pre_tokenizer: QWEN2_CUTS,
  model: { type: 'BPE', ignore_merges: false },
}

test('tells the pre-tokenizer of Qwen2 from others', () => {
  const [split, bytes] = QWEN2.pre_tokenizer.pretokenizers
  const cuts = (...pretokenizers: unknown[]) => ({ ...QWEN2, pre_tokenizer: { type: 'Sequence', pretokenizers } })
  expect(cutsAsQwen2(QWEN2)).toBe(true)
  for (const other of [
    { ...QWEN2, normalizer: null },
    { ...QWEN2, pre_tokenizer: bytes },
    { ...QWEN2, model: { type: 'BPE', ignore_merges: true } },
    cuts({ ...split, pattern: { Regex: '\\p{N}{1,3}|\\s+' } }, bytes),
    cuts({ ...split, behavior: 'Removed' }, bytes),
    cuts(split, { ...bytes, add_prefix_space: true }),
    cuts({ type: 'Digits', individual_digits: true }, split, bytes),
    {},
  ]) {
    expect(cutsAsQwen2(other)).toBe(false)
  }
})

test('files of Qwen2 stay as they are, and so do those that are kept already', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pre-tokenizer-'))
  const config = JSON.stringify({ tokenizer_class: 'Qwen2Tokenizer' })
  writeFileSync(join(folder, 'tokenizer_config.json'), config)
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(QWEN2))
  expect(await keepPreTokenizer(folder)).toBe(false)
  expect(readFileSync(join(folder, 'tokenizer_config.json'), 'utf8')).toBe(config)
  expect(readdirSync(folder)).toHaveLength(2)

  // The shipped model is kept in the same way, so another turn changes nothing.
  const base = join(PROGRAM_ROOT, 'models/base')
  const files = ['tokenizer.json', 'tokenizer_config.json', 'tokenization.py'].filter((name) =>
    existsSync(join(base, name)),
  )
  const shipped = files.map((name) => readFileSync(join(base, name), 'utf8'))
  for (const [at, name] of files.slice(0, 2).entries()) writeFileSync(join(folder, name), shipped[at]!)
  expect(await keepPreTokenizer(folder)).toBe(!cutsAsQwen2(JSON.parse(shipped[0]!)))
  expect(files.map((name) => readFileSync(join(folder, name), 'utf8'))).toEqual(shipped)
  rmSync(folder, { recursive: true })
})
