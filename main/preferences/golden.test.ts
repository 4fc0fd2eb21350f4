import { expect, test } from 'vitest'
import { SYSTEM_PROMPT } from '../agent/prompt.ts'
import { type GoldenSample, parseGolden, splitGolden, writtenSample } from './golden.ts'

function sample(task: string | null, seed: number | null, step = 0, source = 'expert'): GoldenSample {
  const prompt = [
    { role: 'system' as const, content: SYSTEM_PROMPT },
    { role: 'user' as const, content: `${task} ${seed} ${step}` },
  ]
  return { prompt, completion: 'Thought: a\nAction: press Enter', task, seed, step, source }
}

const SYSTEM = { role: 'system', content: SYSTEM_PROMPT }
const USER = { role: 'user', content: 'p' }
const plain = { task: null, seed: null, step: null, source: null }

test('written samples are read back', async () => {
  const samples = [sample('a', 0), sample('a', 0, 1), sample('b', 3)]
  expect(await parseGolden(samples.map((one) => writtenSample(one)).join('\n'), 'a.jsonl')).toMatchObject(samples)
  expect(await parseGolden('', 'a.jsonl')).toEqual([])
})

test.each([
  ['messages', '{"prompt":[{"role":"user","content":"p"}],"completion":[{"role":"assistant","content":"c"}]}'],
  ['texts', '{"prompt":"p","completion":"c"}'],
  ['a text and a message list', '{"prompt":"p","completion":[{"role":"assistant","content":"c"}],"messages":null}'],
  ['one conversation', '{"messages":[{"role":"user","content":"p"},{"role":"assistant","content":"c"}]}'],
  // ultrachat_200k has the first message once more as the prompt.
  [
    'one conversation and its beginning',
    '{"prompt":"p","messages":[{"role":"user","content":"p"},{"role":"assistant","content":"c"}]}',
  ],
  [
    'ShareGPT’s messages',
    '{"conversations":[{"from":"human","value":"p"},{"from":"gpt","value":"c"}],"system":"","tools":"[]"}',
  ],
  [
    'one conversation as JSON text',
    '{"messages":"[{\\"role\\":\\"user\\",\\"content\\":\\"p\\"},{\\"role\\":\\"assistant\\",\\"content\\":\\"c\\"}]"}',
  ],
  ['a label that says it is good', '{"prompt":"p","completion":"c","label":true}'],
])('a sample in the form of %s is read, with the system message that the agent plays with', async (_, line) => {
  expect(await parseGolden(`${line}\r\n\n`, 'a.jsonl')).toEqual([
    { prompt: [SYSTEM, USER], completion: 'c', ...plain, line: 1 },
  ])
})

test.each([
  ['{"prompt": [', 'this line is not complete JSON'],
  ['{"prompt":"p","completion":"c",}', 'there is a comma too many, before a closing bracket or at the end; delete it'],
  ['{"prompt":"p","completion":"c"},', 'there is a comma too many'],
  ['{"prompt":"a, ]","completion":["c",]}', 'there is a comma too many'],
  ['{"promt":"p","completion":"c"}', 'prompt is missing (perhaps promt is meant)'],
  ['{"prompt":[{"role":"user","content":"p"}]}', 'completion is missing'],
  ['{"prompt":7,"completion":"c"}', 'prompt must be a text or a list of messages'],
  ['{"prompt":"p","completion":[]}', "completion must be a text, or a list of messages that ends with the assistant's"],
  ['{"prompt":"p","completion":"c","label":false}', 'label is false: this is an answer to avoid'],
  ['{"prompt":"p","chosen":"a","rejected":"b"}', 'chosen is of a pair; golden samples have prompt and completion'],
  ['{"instruction":"p","input":"","output":"c"}', 'instruction is not read; golden samples have prompt and completion'],
  ['{"text":"all of it"}', 'text is not read'],
  [`{"messages":"[{'role': 'user', 'content': 'p'}]"}`, 'messages has messages as a text that is no JSON'],
  [
    '{"prompt":"p","completion":[{"role":"assistant","content":"c","weight":0}]}',
    'completion[0].weight must be 1 or absent',
  ],
  [
    '{"messages":[{"role":"user","content":"p"},{"role":"assistant","content":"c"},{"role":"user","content":"q"},{"role":"assistant","content":"d"}]}',
    'messages must have one message of the assistant, the last',
  ],
  ['{"messages":[{"role":"assistant","content":"c"}]}', 'messages must have one message of the assistant'],
  ['{"prompt":[{"role":"system","content":"s"}],"completion":"c"}', 'prompt must end with a message of the user'],
  ['{"messages":[{"role":"user","content":"p"}]}', 'messages must be a text, or a list of messages that ends'],
  [
    '{"conversations":[{"from":"human","value":"p"},{"from":"function_call","value":"c"}]}',
    'conversations[1].from must be one of system, human, user, gpt, assistant',
  ],
  ['{"prompt":"<|im_start|>user\\np<|im_end|>","completion":"c"}', 'prompt has the marks of a chat template'],
])('the line %s is named', async (line, told) => {
  await expect(parseGolden(`${writtenSample(sample('a', 0))}\n${line}\n`, 'golden.jsonl')).rejects.toThrow(
    `golden.jsonl:2: ${told}`,
  )
})

test('a recording stands in the place of an earlier one of its problem', async () => {
  const hand = (seed: number, step: number) => sample('a', seed, step, 'hand')
  const lines = [hand(1, 0), hand(1, 1), hand(2, 0), sample('a', 1)].map((one) => writtenSample(one))
  const text = [...lines, writtenSample(hand(1, 0), true), writtenSample(hand(1, 1))].join('\n')
  expect((await parseGolden(text, 'a.jsonl')).map(({ seed, step, source }) => [seed, step, source])).toEqual([
    [2, 0, 'hand'],
    [1, 0, 'expert'],
    [1, 0, 'hand'],
    [1, 1, 'hand'],
  ])
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

test('of a list on one line the entry is named', async () => {
  const row = { prompt: 'p', completion: 'c' }
  const told = async (text: string) => parseGolden(text, 'golden.json').catch((error: Error) => error.message)
  const rows = [row, { ...row, prompt: 7 }, row, { ...row, completion: null }]
  expect(await told(JSON.stringify(rows))).toMatch(
    /^golden.json:1, entry 2 of the list: prompt must be .*\ngolden.json:1, entry 4 of the list: completion must be/,
  )
  expect(await told(JSON.stringify(rows, null, 2))).toMatch(/^golden.json:6: prompt must be .*\ngolden.json:14: /)
})
