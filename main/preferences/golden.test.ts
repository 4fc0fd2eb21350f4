import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type GoldenSample, readGoldenData, splitGolden, writeGoldenData } from './golden.ts'

const path = join(mkdtempSync(join(tmpdir(), 'golden-')), 'golden.jsonl')

function sample(task: string | null, seed: number | null, step = 0): GoldenSample {
  const prompt = [{ role: 'user' as const, content: `${task} ${seed} ${step}` }]
  return { prompt, completion: 'Thought: a\nAction: press Enter', task, seed, step, source: 'expert' }
}

test('written samples are read back; a missing file has no samples', () => {
  expect(readGoldenData(`${path}.none`)).toEqual([])
  const samples = [sample('a', 0), sample('a', 0, 1), sample('b', 3)]
  writeGoldenData(path, samples)
  expect(readGoldenData(path)).toEqual(samples)
})

test('a line with only prompt and completion, as in TRL’s own files, is read', () => {
  writeFileSync(
    path,
    '{"prompt":[{"role":"user","content":"p"}],"completion":[{"role":"assistant","content":"c"}]}\n\n',
  )
  expect(readGoldenData(path)).toEqual([
    { prompt: [{ role: 'user', content: 'p' }], completion: 'c', task: null, seed: null, step: null, source: null },
  ])
})

test.each([
  ['{"prompt": [', /golden.jsonl:2: this line is not complete JSON/],
  ['{"prompt":[{"role":"user","content":"p"}]}', /golden.jsonl:2: completion must be a list of one assistant message/],
  ['{"prompt":"text","completion":[]}', /golden.jsonl:2: prompt must be a list of messages/],
])('the broken line %j is named', (line, message) => {
  writeGoldenData(path, [sample('a', 0)])
  writeFileSync(path, `${line}\n`, { flag: 'a' })
  expect(() => readGoldenData(path)).toThrow(message)
})

test('the first problems of each task are for training, the next ones are held out', () => {
  const samples = [
    sample('b', 9),
    sample('a', 0),
    sample('a', 0, 1),
    sample('a', 4),
    sample('a', 5),
    sample('a', 6),
    sample(null, null),
  ]
  const { train, heldOut } = splitGolden(samples, ['a', 'c'], 2, 1)
  expect(train.map(({ task, seed, step }) => [task, seed, step])).toEqual([
    [null, null, 0],
    ['a', 0, 0],
    ['a', 0, 1],
    ['a', 4, 0],
  ])
  expect(heldOut.map(({ seed }) => seed)).toEqual([5])
})
