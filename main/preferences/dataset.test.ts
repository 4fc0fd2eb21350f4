import { expect, test } from 'vitest'
import { BEFORE, SYSTEM_PROMPT, wholePrompt } from '../agent/prompt.ts'
import { readText, textOf } from './data-file.ts'
import { KtoAnswers, parsePreferences, preferenceText } from './dataset.ts'
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

test('pairs in TRL’s form are read back as they were written', async () => {
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
  expect((await parsePreferences(text, 'a.jsonl')).pairs).toEqual([
    { line: 1, prompt, chosen, rejected, task, seed: 7, step },
    { line: 2, prompt, chosen, rejected, task, seed: 8, step },
  ])
})

test('pairs are written with the prompt of their run, and read whichever prompt they have', async () => {
  const text = preferenceText([pair()], BEFORE.instruct)
  expect(JSON.parse(text).prompt).toEqual(wholePrompt('instruct', pair().prompt))
  expect((await parsePreferences(text, 'a.jsonl')).pairs).toMatchObject([{ prompt: pair().prompt }])
  const answers = new KtoAnswers()
  answers.add([pair()])
  const [line = ''] = answers.text([pair()], BEFORE.instruct).split('\n')
  expect(JSON.parse(line).prompt).toEqual(wholePrompt('instruct', pair().prompt))
})

test('KTO’s form labels each completion once and leaves out contradictions', () => {
  const slices = [
    [pair()],
    [pair({ rejected: 'Action: other' }), pair({ chosen: 'Action: other', rejected: 'Action: worst' })],
  ]
  const answers = new KtoAnswers()
  for (const slice of slices) answers.add(slice)
  const lines = slices
    .map((slice) => answers.text(slice))
    .join('')
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
const read = { prompt: 'p', chosen: 'a', rejected: 'b', task: null, seed: null, step: null }

test('a foreign file needs only prompt, chosen and rejected, and may have other keys and empty lines', async () => {
  expect(await parsePreferences(`\uFEFF\n${JSON.stringify({ ...good, score: 3 })}\r\n\n`, 'a.jsonl')).toEqual({
    pairs: [{ line: 2, ...read, columns: '{"score":3}' }],
    alike: [],
  })
})

const assistant = (content: string) => [{ role: 'assistant', content }]
const whole = (content: string) => [...good.prompt, { role: 'assistant', content }]
const system = { role: 'system', content: 'other' }

test.each([
  ['texts', { prompt: 'p', chosen: 'a', rejected: 'b' }],
  ['a text and message lists', { ...good, prompt: 'p' }],
  ['a message list and texts', { ...good, chosen: 'a', rejected: 'b' }],
  [
    'messages with null keys and keys of their own',
    {
      prompt: [{ role: 'user', content: 'p', name: null, weight: 1 }],
      chosen: [{ role: 'assistant', content: 'a', tool_calls: null }],
      rejected: [{ role: 'assistant', content: 'b', tool_calls: [] }],
      tools: null,
      images: null,
    },
  ],
  ['conversations that share the prompt', { chosen: whole('a'), rejected: whole('b') }],
  ['conversations, and null for the prompt', { prompt: null, chosen: whole('a'), rejected: whole('b') }],
  // ultrafeedback_binarized
  [
    'conversations, their prompt and the chosen one again',
    {
      prompt: 'p',
      chosen: whole('a'),
      rejected: whole('b'),
      messages: whole('a'),
    },
  ],
  [
    'conversations with the lab’s system message, and the prompt without it',
    {
      prompt: 'p',
      chosen: [{ role: 'system', content: SYSTEM_PROMPT }, ...whole('a')],
      rejected: [{ role: 'system', content: SYSTEM_PROMPT }, ...whole('b')],
    },
  ],
  [
    'contents in parts of text',
    {
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'p', image: null }] }],
      chosen: [{ role: 'assistant', content: [{ type: 'text', text: 'a' }] }],
      rejected: [
        {
          role: 'assistant',
          content: [
            { type: 'text', text: '' },
            { type: 'text', text: 'b' },
          ],
        },
      ],
    },
  ],
  [
    'LLaMA-Factory’s preferences',
    {
      conversations: [{ from: 'human', value: 'p' }],
      chosen: { from: 'gpt', value: 'a' },
      rejected: { from: 'gpt', value: 'b' },
      system: '',
      tools: '[]',
    },
  ],
  ['Axolotl’s preferences', { messages: good.prompt, chosen: good.chosen[0], rejected: good.rejected[0] }],
  ['the system message under a key of its own', { ...good, prompt: 'p', system: SYSTEM_PROMPT }],
])('a pair in the form of %s is read', async (_, row) => {
  expect(await parsePreferences(JSON.stringify(row), 'a.jsonl')).toMatchObject({ pairs: [read] })
})

const asText = (row: object) =>
  Object.fromEntries(Object.entries(row).map(([key, value]) => [key, JSON.stringify(value)]))

test.each([
  ['lists', asText(good)],
  ['laid out lists', { ...good, chosen: ` ${JSON.stringify(good.chosen, null, 2)}\n` }],
  ['single messages', { ...good, chosen: JSON.stringify(good.chosen[0]) }],
  ['conversations that share the prompt', asText({ chosen: whole('a'), rejected: whole('b') })],
  ['ShareGPT’s messages', { ...good, prompt: '[{"from":"human","value":"p"}]' }],
])('messages written as JSON text are read as messages: %s', async (_, row) => {
  expect(await parsePreferences(JSON.stringify(row), 'a.jsonl')).toMatchObject({ pairs: [read] })
})

test.each(['[{"id":1}]', '[{"role":"button","content":"OK"}]'])('other JSON text stays a text: %s', async (chosen) => {
  const { pairs } = await parsePreferences(JSON.stringify({ ...good, chosen }), 'a.jsonl')
  expect(pairs).toMatchObject([{ chosen }])
})

test.each([
  [{ chosen: "[{'role': 'assistant', 'content': 'a'}]" }, 'chosen has messages as a text that is no JSON'],
  [{ prompt: "array([{'content': 'p', 'role': 'user'}])" }, 'prompt has messages as a text that is no JSON'],
  [{ rejected: "{'role': 'assistant', 'content': 'b'}" }, 'rejected has messages as a text that is no JSON'],
  [{ rejected: '[{"role": "assistant", "cont' }, 'rejected has messages as a text that is no JSON'],
  [{ chosen: '[{"role":"assistant","content":"a","content":"b"}]' }, 'chosen[0].content is there twice'],
  [{ chosen: '[{"role":"assistant","content":7}]' }, 'chosen[0].content must be a text'],
  [
    { chosen: [{ role: 'assistant', content: 'a', function_call: { name: 'f' } }] },
    'chosen[0].function_call must be empty',
  ],
  [
    { chosen: [{ role: 'assistant', content: 'a', reasoning_content: 'r' }] },
    'chosen[0].reasoning_content must be empty',
  ],
  [{ chosen: { role: 'assistant', content: 'a', thinking: 'r' } }, 'chosen.thinking must be empty'],
  [{ chosen: { from: 'gpt', value: 'a', thinking: 'r' } }, 'chosen.thinking must be empty'],
  [{ rejected: [{ role: 'assistant', content: 'b', weight: 0 }] }, 'rejected[0].weight must be 1 or absent'],
  [{ image: 'a.png' }, 'image must be empty'],
  [{ image: { bytes: null, path: 'a.png' } }, 'image must be empty'],
  [{ audio: 'a.wav' }, 'audio must be empty'],
])('%j is refused', async (more, told) => {
  const text = JSON.stringify({ ...good, ...more })
  await expect(parsePreferences(text, 'a.jsonl')).rejects.toThrow(`a.jsonl:1: ${told}`)
})

test('null and empty values beside texts are harmless', async () => {
  const [chosen] = good.chosen
  const more = { function_call: { name: null, arguments: null }, reasoning_content: '', thinking: null, weight: 1 }
  const row = { ...good, chosen: [{ ...chosen, ...more }], image: null, video: '' }
  expect(await parsePreferences(JSON.stringify(row), 'a.jsonl')).toMatchObject({ pairs: [read] })
})

test('keys of one’s own are written again as they were, value and order', async () => {
  const own =
    '"id":12345678901234567890,"score":1.0,"e":1e2,"w":NaN,"x":[-Infinity,{"a b":"c  \\" d"}],"2":"b","1":"a","__proto__":{"k":1},"\\u00e9":"\\ud83d\\ude00","last":null'
  const text = `{${own},${JSON.stringify(good).slice(1)}`
  for (const source of [text, text.replaceAll(',"', ' ,\n "').replace('[-', '[\n -')]) {
    const { pairs } = await parsePreferences(source, 'a.jsonl')
    expect(pairs[0]?.columns).toBe(`{${own}}`)
    const { columns } = pairs[0]!
    const written = preferenceText([{ ...pair(), columns: columns! }])
    expect(written).toContain(`,"step":1,${own}}\n`)
    expect((await parsePreferences(written, 'a.jsonl')).pairs[0]?.columns).toBe(columns)
  }
})

test('keys of one’s own that the store has damaged are told', () => {
  expect(() => preferenceText([{ ...pair(), columns: '{"a":' }])).toThrow('pairs.columns')
})

test.each(['prompt,chosen,rejected\np,a,b\n', '<!doctype html>\n{ }\n', '- prompt: p\n  chosen: a\n'])(
  'another format is told once: %j',
  async (text) => {
    await expect(parsePreferences(text, 'a.jsonl')).rejects.toThrow('a.jsonl is not JSON lines')
  },
)

test('another system message is told as such', async () => {
  const text = JSON.stringify({ ...good, prompt: [{ role: 'system', content: 's' }, ...good.prompt] })
  await expect(parsePreferences(text, 'a.jsonl')).rejects.toThrow('prompt has another system message')
  const told = await parsePreferences(`${text}\n`.repeat(30), 'a.jsonl').catch((error: Error) => error.message)
  expect(String(told).split('\n')).toEqual([
    expect.stringContaining('a.jsonl:1: prompt has another system message'),
    'a.jsonl: the same is wrong in 29 more lines',
  ])
})

test('a pointer of Git LFS and a folder are told as such', () => {
  const pointer = Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n')
  expect(() => textOf(pointer, 'a.jsonl')).toThrow('a.jsonl is a pointer of Git LFS')
  expect(() => readText(import.meta.dirname)).toThrow('is a folder')
})

/** What the writers of other programs make of two pairs: datasets 5.2.0, pandas 3.1.1, json of Python 3.11, jq 1.7. */
const WRITTEN = {
  'datasets to_json': `{"prompt":[{"role":"user","content":"p","name":null}],"chosen":[{"role":"assistant","content":"a","tool_calls":null}],"rejected":[{"role":"assistant","content":"b"}],"score":1.5,"tag":"x"}
{"prompt":[{"role":"user","content":"p2","name":"bob"}],"chosen":[{"role":"assistant","content":"c","tool_calls":null}],"rejected":[{"role":"assistant","content":"d"}],"score":null,"tag":null}
`,
  'pandas to_json, records': `[{"prompt":[{"role":"user","content":"p"}],"chosen":[{"role":"assistant","content":"a"}],"rejected":[{"role":"assistant","content":"b"}],"score":1.5,"tag":"x"},{"prompt":[{"role":"user","content":"p2","name":"bob"}],"chosen":[{"role":"assistant","content":"c","tool_calls":null}],"rejected":[{"role":"assistant","content":"d"}],"score":null,"tag":null}]`,
  'json.dumps, with NaN': `{"prompt": [{"role": "user", "content": "p"}], "chosen": [{"role": "assistant", "content": "a"}], "rejected": [{"role": "assistant", "content": "b"}], "score": NaN, "w": -Infinity, "x": Infinity, "task": NaN}
{"prompt": [{"role": "user", "content": "p2", "name": "bob"}], "chosen": [{"role": "assistant", "content": "c", "tool_calls": null}], "rejected": [{"role": "assistant", "content": "d"}], "score": NaN, "note": "NaN: \\" Infinity"}`,
  'json.dump, a list with an indent': `[
    {
        "prompt": [
            {
                "role": "user",
                "content": "p"
            }
        ],
        "chosen": "a",
        "rejected": "b",
        "score": NaN
    },
    {
        "prompt": "p2",
        "chosen": "c",
        "rejected": "d"
    }
]
`,
  jq: `{
  "prompt": "p",
  "chosen": "a",
  "rejected": "b"
}
{
  "prompt": "p2",
  "chosen": "c",
  "rejected": "d"
}
`,
}

test.each(Object.entries(WRITTEN))('a file by %s is read', async (_, text) => {
  const { pairs } = await parsePreferences(text, 'a.jsonl')
  expect(pairs.map(({ prompt, chosen, rejected }) => [prompt, chosen, rejected])).toEqual([
    ['p', 'a', 'b'],
    ['p2', 'c', 'd'],
  ])
})

test('in a file that is laid out over lines, an error names the line where its object begins', async () => {
  const text = WRITTEN['json.dump, a list with an indent'].replace('"d"', '7')
  await expect(parsePreferences(text, 'a.json')).rejects.toThrow('a.json:13: rejected must be a text')
  await expect(parsePreferences(text.slice(0, -3), 'a.json')).rejects.toThrow(
    /^a.json:13: rejected.*\na.json:17: this line/,
  )
})

test('pairs with the same text on both sides are left out and named; a lone surrogate is read as it is stored', async () => {
  const same = { ...good, rejected: good.chosen }
  const text = [same, { ...good, prompt: 'p\ud800' }, same].map((row) => JSON.stringify(row)).join('\n')
  expect(await parsePreferences(text, 'a.jsonl')).toEqual({
    pairs: [{ line: 2, ...read, prompt: 'p\ufffd' }],
    alike: [1, 3],
  })
})

test.each([
  ['{"prompt": [', 'this line is not complete JSON; correct or delete it.'],
  [JSON.stringify({ ...good, prompt: 7 }), 'prompt must be a text or a list of messages; correct or delete the line.'],
  [JSON.stringify({ ...good, prompt: [system, good.prompt[0]] }), 'prompt has another system message'],
  [JSON.stringify({ ...good, prompt: 'p', system: 'other' }), 'prompt has another system message'],
  [JSON.stringify({ ...good, prompt: [{ role: 'user' }] }), 'prompt[0].content is missing; correct'],
  [JSON.stringify({ ...good, prompt: [] }), 'prompt must not be an empty list; correct'],
  [
    JSON.stringify({ ...good, chosen: [] }),
    "chosen must be a text, or a list of messages that ends with the assistant's; correct",
  ],
  [
    JSON.stringify({ ...good, prompt: [{ role: 'robot', content: '' }] }),
    'prompt[0].role must be one of system, user, assistant; correct',
  ],
  [
    JSON.stringify({ ...good, prompt: [{ role: 'user', content: [{ type: 'image', text: null, image: 'x.png' }] }] }),
    'prompt[0].content[0].type must be text; correct',
  ],
  [JSON.stringify({ ...good, images: ['x.png'] }), 'images must be empty, because the lab trains on texts alone'],
  [
    JSON.stringify({ ...good, chosen: [{ ...good.chosen[0], tool_calls: [{ function: {} }] }] }),
    'chosen[0].tool_calls must be empty, because the lab trains on texts alone',
  ],
  [
    JSON.stringify({ ...good, chosen: [{ role: 'user', content: 'else' }, ...good.chosen] }),
    'chosen must begin with the messages of the prompt, and go on with one answer',
  ],
  [
    JSON.stringify({ chosen: whole('a'), rejected: [{ role: 'user', content: 'q' }, ...assistant('b')] }),
    'rejected must begin with the',
  ],
  [JSON.stringify({ chosen: 'p a', rejected: 'p b' }), 'prompt is missing; correct'],
  [
    JSON.stringify({ instruction: 'p', input: '', chosen: 'a', rejected: 'b' }),
    'instruction is not read; name it prompt',
  ],
  [
    JSON.stringify({ prompt: 'p', completion: 'c', label: false }),
    'label belongs to unpaired answers; DPO learns from pairs',
  ],
  [
    JSON.stringify({ prompt: 'p', completion: 'c' }),
    'completion is not of a pair; pairs have prompt, chosen and rejected',
  ],
  ['{"prompt":"p","chosen":"a","rejected":"b","chosen":"c"}', 'chosen is there twice; correct'],
  [
    '{"prompt":[{"role":"user","content":"p","content":"q"}],"chosen":"a","rejected":"b"}',
    'prompt[0].content is there twice; correct',
  ],
  [JSON.stringify({ ...good, seed: 'x' }), 'seed must be a number; correct or delete the line.'],
  [JSON.stringify({ ...good, task: 3 }), 'task must be a text; correct'],
  ['7', 'the line must be a group of keys; correct'],
  // pandas' to_json without orient, and with split and index
  ['{"prompt":{"0":"p"},"chosen":{"0":"a"},"rejected":{"0":"b"}}', 'chosen holds many rows; write one object a line'],
  ['{"columns":["prompt","chosen"],"index":[0],"data":[["p","a"]]}', 'data holds many rows; write one object a line'],
  ['{"0":{"prompt":"p","chosen":"a","rejected":"b"}}', '0 holds many rows; write one object a line'],
  ['{"data":[{"prompt":"p","chosen":"a","rejected":"b"}]}', 'data holds many rows; write one object a line'],
])('a broken line is named: %s', async (line, told) => {
  await expect(parsePreferences(`${JSON.stringify(good)}\n${line}\n`, 'a.jsonl')).rejects.toThrow(`a.jsonl:2: ${told}`)
})

test('every broken line is reported, up to twenty', async () => {
  const broken = (count: number) => parsePreferences(`7\n${JSON.stringify(good)}\n${'{\n'.repeat(count)}`, 'a')
  await expect(broken(1)).rejects.toThrow(/^a:1: .*\na:3: [^\n]*$/)
  await expect(broken(29)).rejects.toThrow(/^a:1: .*\n(a:.*\n){19}and 10 more\.$/)
})
