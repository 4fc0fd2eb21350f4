import { expect, test } from 'vitest'
import { ktoText, parsePreferences, preferenceText } from './dataset.ts'
import type { Pair } from './pairs.ts'

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

test('pairs in TRL’s form are read back as they were written', () => {
  const text = preferenceText([pair(), pair({ seed: 8 })])
  const lines = text.trimEnd().split('\n')
  expect(lines).toHaveLength(2)
  expect(JSON.parse(lines[0]!)).toMatchObject({
    prompt: [{ role: 'system' }, { role: 'user', content: pair().prompt }],
    chosen: [{ role: 'assistant', content: pair().chosen }],
    rejected: [{ role: 'assistant', content: pair().rejected }],
    task: 'click-button',
    seed: 7,
    step: 1,
  })
  const { prompt, chosen, rejected, task, step } = pair()
  expect(parsePreferences(text, 'a.jsonl')).toEqual([
    { line: 1, prompt, chosen, rejected, task, seed: 7, step },
    { line: 2, prompt, chosen, rejected, task, seed: 8, step },
  ])
})

test('KTO’s form labels each completion once and leaves out contradictions', () => {
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

const good = {
  prompt: [{ role: 'user', content: 'p' }],
  chosen: [{ role: 'assistant', content: 'a' }],
  rejected: [{ role: 'assistant', content: 'b' }],
}

test('a foreign file needs only prompt, chosen and rejected, and may have other keys and empty lines', () => {
  expect(parsePreferences(`\uFEFF\n${JSON.stringify({ ...good, score: 3 })}\r\n\n`, 'a.jsonl')).toEqual([
    { line: 2, prompt: 'p', chosen: 'a', rejected: 'b', task: null, seed: null, step: null },
  ])
})

test.each([
  ['{"prompt": [', 'this line is not complete JSON; correct or delete it.'],
  [JSON.stringify({ ...good, prompt: 'text' }), 'prompt must be a list of messages; correct or delete the line.'],
  [
    JSON.stringify({ ...good, prompt: [{ role: 'system', content: 's' }, good.prompt[0]] }),
    'prompt must be one message of the user',
  ],
  [JSON.stringify({ ...good, prompt: [{ role: 'user' }] }), 'prompt[0].content is missing; correct'],
  [JSON.stringify({ ...good, chosen: [] }), 'chosen must be a list of one assistant message; correct'],
  [JSON.stringify({ ...good, rejected: good.chosen }), 'the line has the same text as chosen and as rejected; correct'],
  [
    JSON.stringify({ ...good, prompt: [{ role: 'robot', content: '' }] }),
    'prompt[0].role must be one of system, user, assistant; correct',
  ],
  [JSON.stringify({ ...good, seed: 'x' }), 'seed must be a number; correct or delete the line.'],
  [JSON.stringify({ ...good, task: 3 }), 'task must be a text; correct'],
  ['7', 'the line must be a group of keys; correct'],
])('a broken line is named: %s', (line, message) => {
  expect(() => parsePreferences(`${JSON.stringify(good)}\n${line}\n`, 'a.jsonl')).toThrow(`a.jsonl:2: ${message}`)
})

test('every broken line is reported, up to twenty', () => {
  const broken = (count: number) => () => parsePreferences(`7\n${JSON.stringify(good)}\n${'{\n'.repeat(count)}`, 'a')
  expect(broken(1)).toThrow(/^a:1: .*\na:3: [^\n]*$/)
  expect(broken(29)).toThrow(/^a:1: .*\n(a:.*\n){19}and 10 more\.$/)
})
