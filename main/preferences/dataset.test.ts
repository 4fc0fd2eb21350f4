import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ktoText, parsePreferenceData, preferenceText, readPreferenceData, writePreferenceData } from './dataset.ts'
import type { Pair } from './pairs.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preferences-'))
  file = join(folder, 'data', 'pairs.jsonl')
})
afterEach(() => rm(folder, { recursive: true }))

const pair = (overrides: Partial<Pair> = {}): Pair => ({
  task: 'click-button',
  seed: 7,
  step: 1,
  chosenAttempt: 2,
  rejectedAttempt: 0,
  margin: 1,
  prompt: 'Page:\n "Ok" \u2028 button 1\nTask: click',
  chosen: 'Thought: this one\nAction: click Ok button 1',
  rejected: 'Thought: that one\nAction: click No button 2',
  ...overrides,
})

test('a file in the form of TRL comes back as it went', async () => {
  writePreferenceData(file, [pair(), pair({ seed: 8 })])
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
  expect(lines).toHaveLength(2)
  expect(JSON.parse(lines[0]!)).toMatchObject({
    prompt: [{ role: 'system' }, { role: 'user', content: pair().prompt }],
    chosen: [{ role: 'assistant', content: pair().chosen }],
    rejected: [{ role: 'assistant', content: pair().rejected }],
    task: 'click-button',
    seed: 7,
    step: 1,
  })
  const records = readPreferenceData(file)
  expect(records.map(({ seed }) => seed)).toEqual([7, 8])
  expect(records[0]).toMatchObject({ chosen: pair().chosen, rejected: pair().rejected, task: 'click-button', step: 1 })
  expect(records[0]!.prompt[1]).toEqual({ role: 'user', content: pair().prompt })
})

test('the form of KTO labels each completion once and leaves contradictions out', () => {
  const lines = ktoText([
    pair(),
    pair({ rejected: 'Action: other' }),
    pair({ chosen: 'Action: other', rejected: 'Action: worst' }),
  ])
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.map(({ completion, label }) => [completion[0].content, label])).toEqual([
    [pair().chosen, true],
    [pair().rejected, false],
    ['Action: worst', false],
  ])
})

test('what the lab wrote can be brought back into it, what others wrote is refused with line and key', () => {
  const { chosenAttempt: _, rejectedAttempt: __, margin: ___, ...written } = pair()
  expect(parsePreferenceData(preferenceText([pair()]), 'a.jsonl')).toEqual([written])
  const line = JSON.parse(preferenceText([pair()]))
  const refused = (change: object) => () =>
    parsePreferenceData(`\n${JSON.stringify({ ...line, ...change })}`, 'a.jsonl')
  expect(refused({ prompt: [{ role: 'user', content: 'p' }] })).toThrow(/^a.jsonl:2: prompt must be the lab's system/)
  expect(refused({ seed: undefined })).toThrow(/^a.jsonl:2: seed /)
  expect(refused({ rejected: line.chosen })).toThrow(/the same text/)
})

const good = {
  prompt: [{ role: 'user', content: 'p' }],
  chosen: [{ role: 'assistant', content: 'a' }],
  rejected: [{ role: 'assistant', content: 'b' }],
}

test('a foreign file needs prompt, chosen and rejected only', async () => {
  const path = join(folder, 'foreign.jsonl')
  await writeFile(path, `${JSON.stringify({ ...good, score: 3 })}\n\n`)
  expect(readPreferenceData(path)).toEqual([
    { prompt: good.prompt, chosen: 'a', rejected: 'b', task: null, seed: null, step: null },
  ])
})

test.each([
  ['{"prompt": [', '2: this line is not whole JSON; mend or delete it.'],
  [JSON.stringify({ ...good, prompt: 'text' }), '2: prompt must be a list of messages; mend or delete the line.'],
  [JSON.stringify({ ...good, chosen: [] }), '2: chosen must be a list of one assistant message; mend'],
  [JSON.stringify({ ...good, rejected: good.chosen }), '2: chosen and rejected are the same text; mend'],
  [JSON.stringify({ ...good, prompt: [{ role: 'robot', content: '' }] }), '2: prompt.0.role '],
  ['7', '2: '],
])('a broken line is named: %s', async (line, message) => {
  const path = join(folder, 'broken.jsonl')
  await writeFile(path, `${JSON.stringify(good)}\n${line}\n`)
  expect(() => readPreferenceData(path)).toThrow(`${path}:${message}`)
})

test('a missing or empty file says what to do', async () => {
  expect(() => readPreferenceData(join(folder, 'none.jsonl'))).toThrow('run the collect stage')
  await writeFile(join(folder, 'empty.jsonl'), '\n')
  expect(() => readPreferenceData(join(folder, 'empty.jsonl'))).toThrow('holds no pairs')
})
