import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { type GoldenSample, writtenSample } from './golden.ts'
import { deleteSamples, setThought } from './golden-edit.ts'
import { readGoldenData } from './golden-file.ts'

let path: string
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'golden-edit-')), 'golden.jsonl')
})

function sample(seed: number, step = 0, source = 'expert'): GoldenSample {
  const prompt = [
    { role: 'system' as const, content: 's' },
    { role: 'user' as const, content: `${seed} ${step}` },
  ]
  return { prompt, completion: 'Thought: a\nAction: press Enter', task: 'a', seed, step, source }
}
const SEEN = 'Thought: a\nAction: press Enter'
const OWN = '{"prompt": "p",\t"completion":"Thought: x\\nAction: press Tab", "id": "my-0"}'

test('a thought is changed, and every other line and key stays', async () => {
  writeFileSync(path, `${OWN}\r\n\r\n${writtenSample(sample(1))}\r\n${writtenSample(sample(2))}`)
  await setThought(path, { line: 3, completion: SEEN }, ' the key is asked for ')
  const changed = writtenSample({ ...sample(1), completion: 'Thought: the key is asked for\nAction: press Enter' })
  expect(readFileSync(path, 'utf8')).toBe(`${OWN}\r\n\r\n${changed}\r\n${writtenSample(sample(2))}`)
  await setThought(path, { line: 1, completion: 'Thought: x\nAction: press Tab' }, 'y')
  expect(JSON.parse(readFileSync(path, 'utf8').split('\r\n')[0]!)).toEqual({
    ...{ prompt: 'p', completion: 'Thought: y\nAction: press Tab', id: 'my-0' },
  })
})

test('samples are deleted, and of a recording by hand all that it superseded', async () => {
  const lines = [
    writtenSample(sample(1)),
    writtenSample(sample(5, 0, 'hand')),
    writtenSample(sample(2)),
    writtenSample(sample(5, 0, 'hand'), true),
  ]
  writeFileSync(path, `${lines.join('\n')}\n`)
  await deleteSamples(path, [{ line: 4, completion: SEEN }])
  expect(readFileSync(path, 'utf8')).toBe(`${lines[0]}\n${lines[2]}\n`)
  expect((await readGoldenData(path)).map(({ seed }) => seed)).toEqual([1, 2])
})

test('a file that changed since, and what cannot be edited, stay as they are', async () => {
  const [user, assistant] = [
    { role: 'user', content: 'p' },
    { role: 'assistant', content: SEEN },
  ]
  const text = `${writtenSample(sample(1))}\n${JSON.stringify({ messages: [user, assistant] })}\n`
  writeFileSync(path, text)
  const own = { line: 2, completion: SEEN }
  for (const [work, words] of [
    [() => setThought(path, { line: 1, completion: 'Thought: b\nAction: press Enter' }, 'c'), /has changed/],
    [() => deleteSamples(path, [{ line: 7, completion: SEEN }]), /has changed/],
    [() => setThought(path, own, 'c'), /Line 2 of .*golden.jsonl is in a form/],
    [() => setThought(path, { line: 1, completion: SEEN }, 'two\nlines'), /one line/],
  ] as const) {
    await expect(work()).rejects.toThrow(words)
  }
  expect(readFileSync(path, 'utf8')).toBe(text)
})

test('a file that is gone meanwhile has changed', async () => {
  await expect(setThought(path, { line: 1, completion: SEEN }, 'c')).rejects.toThrow(/has changed/)
  await expect(deleteSamples(path, [{ line: 1, completion: SEEN }])).rejects.toThrow(/has changed/)
})
