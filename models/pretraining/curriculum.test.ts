import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadTokenizer, type Tokenizer } from '../../main/engine/tokenizer/tokenizer.ts'
import { writeFileAtomic } from '../../main/files/file.ts'
import { tokenizerConfigJson, tokenizerJson, trainBpe } from './bpe.ts'
import { makeLesson } from './curriculum.ts'
import { lessonForest } from './lesson-tokens.ts'
import { createRandom } from './random.ts'

const lessons = (() => {
  const random = createRandom(1)
  return Array.from({ length: 400 }, () => makeLesson(random))
})()

describe('lessons', () => {
  test('answer with an action on a line that the page has', () => {
    for (const { page, answers } of lessons) {
      const lines = page.split('\n')
      for (const { completion } of answers) {
        const target = /^Thought: [^\n]+\nAction: (?:click|fill|select) (.*?)(?: = .*)?$/.exec(completion)?.[1]
        expect(target, completion).toBeDefined()
        expect(
          lines.filter((line) => line === ` ${target}` || line.startsWith(` ${target} `)),
          `${completion}\n${page}`,
        ).toHaveLength(1)
      }
    }
  })

  test('name each action done before', () => {
    const tasks = lessons.flatMap(({ answers }) => answers.map(({ task }) => task))
    const done = tasks.flatMap((task) => task.split('\n').slice(1))
    expect(done.length).toBeGreaterThan(100)
    for (const line of done) expect(line).toMatch(/^Done: (click|fill|select|press) .+$/)
  })

  test('are the same for the same seed, and others for another', () => {
    expect(makeLesson(createRandom(3))).toEqual(makeLesson(createRandom(3)))
    expect(makeLesson(createRandom(3))).not.toEqual(makeLesson(createRandom(4)))
  })
})

describe('the tokenizer', () => {
  let tokenizer: Tokenizer
  beforeAll(async () => {
    const texts = lessons.flatMap(({ page, answers }) => [page, ...answers.map(({ completion }) => completion)])
    const folder = mkdtempSync(join(tmpdir(), 'bpe-'))
    writeFileAtomic(join(folder, 'tokenizer.json'), tokenizerJson(trainBpe(texts, 400)))
    writeFileAtomic(join(folder, 'tokenizer_config.json'), tokenizerConfigJson(4096))
    tokenizer = await loadTokenizer(folder)
  })

  test('keeps every text', () => {
    for (const text of ['Page:\nbutton Go 12\n', 'naïve café', '点击 "确定" 🙂', 'a\tb  c\r\n', '2010-05-20']) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
    }
  })

  test('gives a page and the task below it the tokens that the whole prompt has', () => {
    const forest = lessonForest(lessons.slice(0, 50), tokenizer)
    let at = 0
    for (const { page, answers } of lessons.slice(0, 50)) {
      const root = forest[at++]!
      for (const { task, completion } of answers) {
        const { tokens, targetStart } = forest[at++]!
        const prompt = tokenizer.chatPrompt([{ role: 'user', content: page + task }], { addGenerationPrompt: true })
        expect([...root.tokens, ...tokens.subarray(0, targetStart)]).toEqual([...prompt])
        expect(tokenizer.decode(tokens.subarray(targetStart, -1))).toBe(completion)
        expect(tokens.at(-1)).toBe(tokenizer.stopTokenIds[0])
      }
    }
  })

  test('leaves system messages out', () => {
    const user = { role: 'user' as const, content: 'Page:\n' }
    const prompt = tokenizer.chatPrompt([{ role: 'system', content: 'x' }, user], { addGenerationPrompt: true })
    expect(tokenizer.decode(prompt)).toBe('<|im_start|>user\nPage:\n<|im_end|>\n<|im_start|>assistant\n')
  })
})
