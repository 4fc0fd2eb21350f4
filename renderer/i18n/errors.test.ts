import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { z } from 'zod'
import { partsOf } from '../../main/capacity/memory.ts'
import { parseConfig } from '../../main/config/config.ts'
import { parsePreferences } from '../../main/preferences/dataset.ts'
import { type ErrorWords, errorInWords, holesOf, matchOf, type Templates } from './errors.ts'
import { readSources, SAMPLE } from './user-errors.ts'
import { errors as chinese } from './zh-errors.ts'

/** What only a terminal says: no window is open before the server listens, or beside these commands. */
const TERMINAL = [
  /^app\/(cli|web|mlflow)\.ts$/, // options, exports and MLflow's page
  /^main\/rpc\/server\.ts$/, // port and host of the server itself
]
const TERMINAL_OPTION = /^command line: .*--set / // in main/config/config.ts, which windows use as well

/** Errors that are written with no text of their own, and who has it. */
const COMPOSED = [
  'main/config/config.ts', // explain.ts's sentences: READ below
  'main/live/recorder.ts', // the recorder's message, which stands translated beside the button that asked
  'main/pipeline/verify.ts', // the checks' own sentences, one a line
]

const ESTIMATE = { weights: 6, adapter: 5, optimizer: 4, cache: 3, activations: 2, logits: 1, process: 1 }
const NEEDED = partsOf({ ...ESTIMATE, total: 22, saving: 1 })

/** The sentence of what throws. */
function thrown(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  return expect.fail('nothing was thrown')
}

const config = (text: string) => thrown(() => parseConfig(text, 'config.yaml'))
const pairs = (pair: object) => thrown(() => parsePreferences(`\n${JSON.stringify(pair)}`, 'the file'))
const message = (content: string, role = 'assistant') => [{ role, content }]
const issue = (schema: z.ZodType, value: unknown) =>
  `f.json: ${schema.safeParse(value).error?.issues[0]?.message}; copy it again.`

/** What is made of parts that the sources hold apart, as the lab says it. */
const READ = [
  ...[
    'model: {threads: 0}',
    'model: {threads: 1.5}',
    'model: {threads: a}',
    'model: {engine: nativ}',
    'model: {engine: 3}',
    'model: 3',
    'tasks: 3',
    'tasks: []',
    'paths: {store: ""}',
    'paths: {store: 3}',
    'environment: {pages: 65}',
    'environment: {trusted_input: 3}',
    'training: {gradient_checkpointing: 3}',
    'lora: {r: a}',
    'lora: {r: 1.5}',
    'lora: {r: 0}',
    'lora: {lora_alpha: 0}',
    'lora: {target_modules: [a]}',
    'project: {name: a b}',
    'tracking: {uri: a}',
    'colect: 3',
    'nothing: 3',
    'beta: 3',
    'learning_rate: 3',
    'model: {nothing: 3}',
    'golden: {seed_start: 99999}',
  ].map(config),
  thrown(() => parseConfig('', 'f', { 'lora.r': 0 })),
  thrown(() => parseConfig('', 'f', { 'lora.r': 0 }, 'settings')),
  thrown(() => parsePreferences('{', 'the file')),
  pairs({}),
  pairs({ prompt: 3 }),
  pairs({ prompt: message('a') }),
  pairs({ prompt: message('a', 'user'), chosen: 3 }),
  pairs({ prompt: message('a', 'user'), chosen: message('a'), rejected: message('b'), seed: 'x' }),
  pairs({ prompt: message('a', 'robot') }),
  issue(z.looseObject({}), 3),
  issue(z.string(), undefined),
  issue(z.literal('a'), 3),
  issue(z.enum(['a', 'b']), 3),
  issue(z.strictObject({}), { a: 1 }),
  issue(z.strictObject({}), { a: 1, b: 2 }),
  issue(z.number().positive(), 0),
  issue(z.int().min(1), 0),
  issue(z.array(z.int()).min(1), []),
  issue(z.union([z.int(), z.null()]), 'a'),
  `There is not enough memory: training needs about ${NEEDED}, 1.00 GB more while a checkpoint is saved, and 2.00 GB can be had; close other programs, or choose a smaller model.`,
  `There is not enough memory: training needs about ${NEEDED}, 1.00 GB more while a checkpoint is saved, and 2.00 GB can be had; what is resumed keeps its settings, so run \`npx dpo-driver dpo --set model.precision=nf4\`.`,
  'There are no pairs to train on; run `npx dpo-driver collect` first.',
  'There are no pairs of run 3 to train on; run `npx dpo-driver collect` first.',
  'There are no pairs of round 2 to train on; run `npx dpo-driver collect` first.',
  'There are no pairs of round 2 of run 3 to train on; run `npx dpo-driver collect` first.',
  ...['evaluation', 'validation'].map(
    (block) =>
      `Seed 3 is one of the ${block} problems (1 to 9), and a policy that was shown them cannot be measured on them: record another seed.`,
  ),
  'No Chromium, Chrome or Edge was found and none could be had (the download of Chrome failed: the download took longer than 300000 ms; apt-get install chromium failed: it needs root on Debian): install one, or set CHROME_PATH to its executable.',
].flatMap((text) => text.split('\n'))

const sources = readSources(['main', 'app'])
const windows = sources.errors
  .filter(({ file, text }) => !TERMINAL.some((one) => one.test(file)) && !TERMINAL_OPTION.test(text))
  // One value in the sources, but no plain one.
  .map((spoken) => ({ ...spoken, text: spoken.text.replace(`needs about ${SAMPLE}`, `needs about ${NEEDED}`) }))

/** Goes through a text as `errorInWords` does; returns the values that are the lab's own and have no words. */
function follow(templates: Templates, text: string, used: Set<string>, hole = ''): string[] {
  const match = matchOf(templates, text)
  if (match === null) return /[a-z]{3}/i.test(text) ? [hole === '' ? text : `{${hole}}: ${text}`] : []
  used.add(match.english)
  return Object.entries(match.values).flatMap(([name, value]) => {
    const parts = chinese.parts[name]
    return parts === undefined ? [] : follow(parts, value, used, name)
  })
}

const tables = [chinese.sentences, ...Object.values(chinese.parts)]

/** Holes in which there may be a file's or a program's own name instead. */
const NAMES = /^{(place|groups|how)}/

describe('the Chinese of the errors', () => {
  it('has a sentence for each that a window can show', () => {
    const composed = windows.filter(({ text }) => text === SAMPLE).map(({ file }) => file)
    expect([...new Set(composed)].sort()).toEqual(COMPOSED)
    // What a list of parts cannot be known by is in READ.
    const missing = windows.flatMap(({ file, line, text }) =>
      follow(chinese.sentences, text, new Set()).map((unknown) => `${file}:${line} ${unknown}`),
    )
    expect(missing).toEqual([])
    expect(windows.length).toBeGreaterThan(140)
  })

  it('has words for all that such a sentence is made of', () => {
    const missing = READ.flatMap((text) => follow(chinese.sentences, text, new Set()))
    expect(missing.filter((one) => !NAMES.test(one))).toEqual([])
  })

  it('has words for all that hinders an action', () => {
    const source = readFileSync('main/environment/page/reach.ts', 'utf8')
    const hindrances = [...source.matchAll(/impossible: '([^']+)'/g)].map(([, why]) => `impossible: ${why}`)
    expect(hindrances.length).toBeGreaterThan(8)
    expect(hindrances.flatMap((text) => follow(chinese.sentences, text, new Set()))).toEqual([])
  })

  it('has no template that nothing says any more', () => {
    const used = new Set<string>()
    for (const text of [...windows.map((one) => one.text), ...READ]) follow(chinese.sentences, text, used)
    for (const text of sources.texts) for (const table of tables) follow(table, text, used)
    expect(tables.flatMap((table) => Object.keys(table)).filter((english) => !used.has(english))).toEqual([])
  })

  it('has the holes of the English, each once there, and text of its own around them', () => {
    for (const table of tables) {
      for (const [english, translation] of Object.entries(table)) {
        const holes = holesOf(english)
        const kept = new Set(holesOf(translation))
        expect(new Set(holes).size, english).toBe(holes.length)
        expect(
          [...kept].filter((hole) => !holes.includes(hole)),
          english,
        ).toEqual([])
        if (table === chinese.sentences) expect(kept.size, english).toBe(holes.length)
        expect(english).not.toMatch(/}{|^{\w+}$/)
      }
    }
  })

  it('is Chinese', () => {
    for (const translation of Object.values(chinese.sentences))
      expect(translation).toMatch(/[\u4e00-\u9fff].*[。\u4e00-\u9fff}）]$/)
  })
})

const words: ErrorWords = {
  sentences: {
    '{path}: there is no {thing}.': '{path}：没有{thing}。',
    '{path}: there is no cat; {cure}.': '{path}：没有猫；请{cure}。',
    '{path}: there is no cat; get one.': '{path}：没有猫；请弄一只。',
    'Too bad ({why}).': '糟糕（{why}）。',
    '{a}, {b}, {c}, {d}, {e} and {f}.': '{f}{e}{d}{c}{b}{a}',
  },
  parts: {
    thing: { dog: '狗' },
    cure: { 'try {cure}': '试试{cure}', 'a book': '书', '{first} or {cure}': '{first}或{cure}' },
  },
}

test('values are carried over, whatever they hold', () => {
  expect(errorInWords(words, 'a (b) $& {c}.js: there is no 1: 2.')).toBe('a (b) $& {c}.js：没有1: 2。')
  expect(errorInWords(words, 'a: there is no dog.')).toBe('a：没有狗。')
})

test('the most specific template wins', () => {
  expect(errorInWords(words, 'a: there is no cat; get one.')).toBe('a：没有猫；请弄一只。')
  expect(errorInWords(words, 'a: there is no cat; try a book.')).toBe('a：没有猫；请试试书。')
})

test('parts have parts', () => {
  expect(errorInWords(words, 'a: there is no cat; x or y or try a book.')).toBe('a：没有猫；请x或y或试试书。')
})

test('what there are no words for stays, each of several lines for itself', () => {
  expect(errorInWords(words, 'a: there is no dog')).toBe('a: there is no dog')
  expect(errorInWords(undefined, 'a: there is no dog.')).toBe('a: there is no dog.')
  expect(errorInWords(words, 'so\na: there is no dog.\n')).toBe('so\na：没有狗。\n')
  expect(errorInWords(words, 'Too bad (a\nb).')).toBe('糟糕（a\nb）。')
  const stack = 'a: there is no dog.\n    at f (a.ts:1:2)'
  expect(errorInWords(words, stack)).toBe(stack)
})

test('the time that a hostile text costs grows with its length and no faster', () => {
  const time = (length: number): number => {
    const started = performance.now()
    for (const piece of ['a, ', ': ', ' or ', '; ', ' (', ': a must be b or c, but is d', '{x}', ' ', '\n']) {
      for (const table of [words, chinese]) {
        errorInWords(table, piece.repeat(length / piece.length))
        errorInWords(table, `a: there is no cat; ${piece.repeat(length / piece.length)}.`)
        errorInWords(table, `f: a ${'must be auto or '.repeat(length / 16)}3, but is 4.`)
      }
    }
    return performance.now() - started
  }
  const best = (length: number) => Math.min(...Array.from({ length: 3 }, () => time(length)))
  // Sixteen times the length is 256 times the work where that grows with the square.
  expect(best(16_000) / best(1000)).toBeLessThan(64)
})
