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

test('what the lab or TRL wrote can be brought in, anything else is refused with line and key in words', () => {
  const { chosenAttempt: _, rejectedAttempt: __, margin: ___, ...written } = pair()
  expect(parsePreferenceData(preferenceText([pair()]), 'a.jsonl')).toEqual([written])
  const line = JSON.parse(preferenceText([pair()]))
  const refused = (change: object) => () =>
    parsePreferenceData(`\n${JSON.stringify({ ...line, ...change })}`, 'a.jsonl')
  const bare = { prompt: [{ role: 'user', content: 'p' }], chosen: line.chosen, rejected: line.rejected }
  expect(parsePreferenceData(`\uFEFF${JSON.stringify(bare)}\r\n`, 'a.jsonl')).toEqual([
    { ...written, prompt: 'p', task: null, seed: null, step: null },
  ])
  expect(refused({ prompt: [{ role: 'system', content: 's' }, line.prompt[1]] })).toThrow(
    /^a.jsonl:2: prompt must be one message of the user/,
  )
  expect(refused({ seed: 'x' })).toThrow('a.jsonl:2: seed must be a number; mend or delete the line.')
  expect(refused({ task: 3 })).toThrow('a.jsonl:2: task must be a text; mend')
  expect(refused({ prompt: [{ role: 'user' }] })).toThrow('a.jsonl:2: prompt[0].content is missing; mend')
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
  [JSON.stringify({ ...good, rejected: good.chosen }), '2: the line has the same text as chosen and as rejected; mend'],
  [
    JSON.stringify({ ...good, prompt: [{ role: 'robot', content: '' }] }),
    '2: prompt[0].role must be one of system, user, assistant; mend',
  ],
  ['7', '2: the line must be a group of keys; mend'],
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
