import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { type GoldenSample, writtenSample } from './golden.ts'
import { addGoldenData, addRecording, readGoldenData, refuseFixed } from './golden-file.ts'

let path: string
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'golden-')), 'golden.jsonl')
})

function sample(seed: number, step = 0, source = 'expert'): GoldenSample {
  const prompt = [
    { role: 'system' as const, content: 's' },
    { role: 'user' as const, content: `${seed} ${step}` },
  ]
  return { prompt, completion: 'Thought: a\nAction: press Enter', task: 'a', seed, step, source }
}

const OWN = '{"prompt": "p",\t"completion":"c", "id": "my-0", "weight": 0.50}'

test.each([
  ['ends with its last line', `${OWN}\n`, '\n'],
  ['has no last line break', OWN, '\n'],
  ['has a byte order mark, empty lines and the line ends of Windows', `\uFEFF\r\n${OWN}\r\n\r\n`, '\r\n'],
  ['was laid out over lines', `${JSON.stringify(JSON.parse(OWN), null, 2)}\n`, '\n'],
])('samples are added to a file that %s, and every byte of it stays', async (_, own, end) => {
  writeFileSync(path, own)
  chmodSync(path, 0o640)
  expect(addGoldenData(path, [sample(0), sample(1)])).toBe(2)
  const added = [sample(0), sample(1)].map((one) => writtenSample(one) + end).join('')
  const text = readFileSync(path, 'utf8')
  expect(text.startsWith(own)).toBe(true)
  expect(text.slice(own.length)).toBe(own.endsWith('\n') ? added : end + added)
  expect((await readGoldenData(path)).map(({ seed }) => seed)).toEqual([null, 0, 1])
  expect(existsSync(`${path}.lock`)).toBe(false)
})

test('samples that the file has are not added again; a missing file is made', async () => {
  expect(await readGoldenData(path)).toEqual([])
  expect(addGoldenData(path, [sample(0)])).toBe(1)
  expect(addGoldenData(path, [sample(0), sample(1)])).toBe(1)
  expect((await readGoldenData(path)).map(({ seed }) => seed)).toEqual([0, 1])
})

test('a recording is added, also where it stands in the place of an earlier one', async () => {
  writeFileSync(path, `${JSON.stringify({ ...sample(5, 0, 'hand'), completion: 'c', annotator: 'me' })}\n`)
  const before = readFileSync(path, 'utf8')
  for (const _ of ['once', 'twice']) await addRecording(path, [sample(5, 0, 'hand'), sample(5, 1, 'hand')])
  const text = readFileSync(path, 'utf8')
  expect(text.startsWith(before)).toBe(true)
  expect(text.trimEnd().split('\n')).toHaveLength(5)
  expect(await readGoldenData(path)).toMatchObject([sample(5, 0, 'hand'), sample(5, 1, 'hand')])
})

test('a JSON list and a read-only file are read, but nothing is added to them', async () => {
  writeFileSync(path, `[${OWN}]`)
  expect(await readGoldenData(path)).toHaveLength(1)
  expect(() => addGoldenData(path, [sample(0)])).toThrow(/is one JSON list, and the lab adds samples as lines/)
  await expect(addRecording(path, [sample(0)])).rejects.toThrow(/jq -c/)
  writeFileSync(path, OWN)
  chmodSync(path, 0o444)
  expect(() => refuseFixed(path)).toThrow(`${path} is read-only`)
  expect(readFileSync(path, 'utf8')).toBe(OWN)
})
