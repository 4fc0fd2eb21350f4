import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { cutsAsQwen2 } from '../../main/engine/tokenizer/pre-tokenizer.ts'
import { loadTokenizer, type Tokenizer } from '../../main/engine/tokenizer/tokenizer.ts'
import { hasMiniwob } from '../../main/environment/miniwob.ts'
import { writeFileAtomic } from '../../main/files/file.ts'
import { projectPath } from '../../main/files/paths.ts'
import { tokenizerConfigJson, tokenizerJson, trainBpe } from './bpe.ts'
import { makeLessons } from './curriculum.ts'
import { lessonForest } from './lesson-tokens.ts'

const lessons = makeLessons(1, 600)
const answers = lessons.flatMap((lesson) => lesson.answers.map((answer) => ({ ...answer, page: lesson.page })))

describe('lessons', () => {
  test('answer with an action on a line that the page has', () => {
    for (const { page, completion } of answers) {
      const target = /^Thought: [^\n]+\nAction: (?:click|fill|select) (.*?)(?: = .*)?$/.exec(completion)?.[1]
      expect(target, completion).toBeDefined()
      const lines = page.split('\n').filter((line) => line === ` ${target}` || line.startsWith(` ${target} `))
      expect(lines, `${completion}\n${page}`).toHaveLength(1)
      expect(lines[0]).not.toMatch(/ \d+ disabled/)
    }
  })

  test('are of every kind, and none takes the place of the others', () => {
    const kinds = new Map<string, number>()
    for (const { kind } of answers) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    expect([...kinds.keys()].sort()).toEqual([
      'card',
      'checklist',
      'clickables',
      'clock',
      'copying',
      'dialog',
      'everywhere',
      'extremes',
      'form',
      'interruption',
      'letters',
      'lookup',
      'menu',
      'pager',
      'places',
      'records',
      'repeats',
      'request',
      'search',
      'sections',
      'signs',
      'suggestions',
      'transcript',
      'unnamed',
    ])
    expect(Math.max(...kinds.values()) / answers.length).toBeLessThan(0.4)
  })

  test('fill times as fields of time take them', () => {
    const hours = new Set<string>()
    for (const { task, completion } of answers) {
      const [, typed = '', text = ''] = /Action: fill [^\n]*?time \d+ = ((\d\d):\d\d)$/.exec(completion) ?? []
      if (typed === '') continue
      const minutes = typed.slice(3)
      const said = new RegExp(`(\\d+):${minutes} ?([AaPp]?)`).exec(task)
      if (said === null) continue
      const hour = (Number(said[1]) % 12) + (/[Pp]/.test(said[2]!) ? 12 : 0)
      expect(Number(text), task).toBe(said[2] === '' ? Number(said[1]) : hour)
      hours.add(text)
    }
    expect(hours.size).toBeGreaterThan(10)
  })

  test('name each action done before', () => {
    const done = answers.map(({ task }) => task).flatMap((task) => task.split('\n').slice(1))
    expect(done.length).toBeGreaterThan(100)
    for (const line of done) expect(line).toMatch(/^Done: (click|fill|select|press) .+$/)
  })

  test('are the same for the same seed, and others for another', () => {
    expect(makeLessons(3, 5)).toEqual(makeLessons(3, 5))
    expect(makeLessons(3, 5)).not.toEqual(makeLessons(4, 5))
  })

  const miniwob = projectPath('data/miniwob')
  test.skipIf(!hasMiniwob(miniwob))('say nothing in the words of the benchmark', () => {
    // Seven words in a row: shorter ones, such as "in the text input and press", are anybody's.
    const folder = join(miniwob, 'miniwob')
    const runs = new Set<string>()
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.html'))) {
      const strings = readFileSync(join(folder, name), 'utf8').match(/'[^'\n]*'|"[^"\n]*"|`[^`]*`/g) ?? []
      for (const text of strings) for (const run of runsOf(text.replace(/<[^>]*>/g, ' '))) runs.add(run)
    }
    expect(runs.size).toBeGreaterThan(300)
    const texts = answers.flatMap(({ page, task }) => [page, task])
    expect(texts.flatMap(runsOf).filter((run) => runs.has(run))).toEqual([])
  })
})

function runsOf(text: string): string[] {
  const words = text.toLowerCase().match(/[a-z]+/g) ?? []
  return words.slice(6).map((_, i) => words.slice(i, i + 7).join(' '))
}

describe('the tokenizer', () => {
  let tokenizer: Tokenizer
  const texts = lessons.flatMap(({ page, answers }) => [page, ...answers.map(({ completion }) => completion)])
  const json = tokenizerJson(trainBpe(texts, 400))
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bpe-'))
    writeFileAtomic(join(folder, 'tokenizer.json'), json)
    writeFileAtomic(join(folder, 'tokenizer_config.json'), tokenizerConfigJson(4096))
    tokenizer = await loadTokenizer(folder)
  })

  test('cuts as Qwen2 does, so that transformers and llama.cpp need no code of its own', () => {
    expect(cutsAsQwen2(JSON.parse(json))).toBe(true)
  })

  test('merges the most frequent pair first, and of equal ones the first in order', () => {
    expect(trainBpe(['abab abab cdcd'], 256 + 3 + 3).merges).toEqual(['a b', 'ab ab', 'c d'])
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
