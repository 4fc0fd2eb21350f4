import { describe, expect, it } from 'vitest'
import { keyPaths } from '../../main/config/explain.ts'
import { configSchema } from '../../main/config/schema.ts'
import { ENGLISH } from '../../main/messages/en.ts'
import { CHINESE } from '../../main/messages/zh.ts'
import { words as en } from './en.ts'
import { fields as englishFields, names as englishNames } from './en-fields.ts'
import { words as zh } from './zh.ts'
import { fields, names } from './zh-fields.ts'

/** Every text, by its dotted key. */
function flat(value: unknown, key = ''): [key: string, text: string][] {
  if (typeof value === 'string') return [[key, value]]
  return Object.entries(Object(value)).flatMap(([name, inner]) => flat(inner, key === '' ? name : `${key}.${name}`))
}

describe('the words', () => {
  it('have the same keys and holes in both languages', () => {
    const gaps = (text: string) => [...text.matchAll(/{{(\w+)(?:, number)?}}/g)].map(([, name]) => name).sort()
    const english = new Map(flat(en))
    const chinese = new Map(flat(zh))
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort())
    for (const [key, text] of english) {
      // English sometimes writes one as a word.
      if (!key.endsWith('_one')) expect(gaps(chinese.get(key)!), key).toEqual(gaps(text))
    }
  })

  it('agree with the number of what they count', () => {
    const texts = [...flat(en), ...flat(ENGLISH)]
    /** What stands after a number that chooses the text: "pairs", "tasks". */
    const counted = new Set(
      texts.flatMap(([key, text]) =>
        key.endsWith('_other') ? (text.match(/(?<={{count(?:, number)?}} )\w+s\b/g) ?? []) : [],
      ),
    )
    const nouns = new RegExp(`{{(?!count)\\w+(?:, number)?}} (?:${[...counted].join('|')})\\b`)
    const shares = /{{\w+(?:, number)?}} of (?:its |the )?{{\w+(?:, number)?}} [\w ]*\b(?:are|were|have)\b/
    const fixed = texts.filter(([key, text]) => !/_one$|_other$/.test(key) && (nouns.test(text) || shares.test(text)))
    expect(fixed.map(([key]) => key).sort()).toEqual([
      // Of these there are always several: layers, seconds, pairs that are taken back, training seeds.
      'adapterOtherDepth',
      'pageCheckTooLong',
      'pairs.reverted.redo.many',
      'pairs.reverted.undo.many',
      // "changes" is a verb here, and in the one after.
      'pairsImportedNothing',
      'planOtherProblems',
      'queueSilent',
      'studyFigures',
    ])
  })

  it('are in Chinese', () => {
    const same = [...flat(zh), ...flat(CHINESE)].filter(
      ([, text]) => !/[\u4e00-\u9fff]/.test(text) && /[a-z]{4}/i.test(text.replace(/{{[^}]+}}/g, '')),
    )
    // Names that are the same in both languages.
    expect(same.map(([, text]) => text).sort()).toEqual([
      'GRPO',
      'LM Studio',
      'Node',
      'Ollama',
      'RLOO',
      'TensorFlow.js',
    ])
  })

  it('name and explain every setting, and nothing else', () => {
    const groups =
      /^(project|model|paths|environment|golden|lora|training(\.sft|\.dpo)?|collect|validation|evaluation|flywheel|tracking|workers)$/
    const keys = keyPaths(configSchema).filter((key) => !groups.test(key))
    for (const named of [fields, names, englishNames]) expect(Object.keys(named).sort()).toEqual(keys.sort())
    expect(Object.keys(englishFields).filter((key) => !keys.includes(key))).toEqual([])
  })
})
