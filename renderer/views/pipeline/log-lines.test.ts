import i18next from 'i18next'
import { expect, test } from 'vitest'
import { words } from '../../i18n/en.ts'
import { type LogLine, linesWith, textsOf } from './log-lines.ts'

const t = await i18next.createInstance().init({ lng: 'en', resources: { en: { translation: words } } })
const say = () => 'first\nsecond'
const texts = (event: object) => textsOf(t, say, { time: 0, event } as unknown as LogLine)

test('a run shows its command, and whether it was resumed', () => {
  const run = { event: 'run', run: 3, command: 'pipeline', resumed: false }
  expect(texts(run)).toEqual(['Run 3: Whole pipeline'])
  expect(texts({ ...run, resumed: true })).toEqual(['Run 3: Whole pipeline, resumed'])
})

test('a stage shows its round, and how it ended', () => {
  const stage = { event: 'stage', stage: 'collect', round: 2, status: 'running', seconds: 0 }
  expect(texts(stage)).toEqual(['Collect, round 2'])
  expect(texts({ ...stage, status: 'done', seconds: 65 })).toEqual(['Collect, round 2: done, 1 min 05 s'])
})

test('a message of several lines gives several lines; the whole table is not among them', () => {
  expect(texts({ event: 'message', id: 'sftAlone', values: {}, text: '' })).toEqual(['first', 'second'])
  expect(texts({ event: 'message', id: 'resultsTable', values: {}, text: '' })).toEqual([])
})

test('an end shows the error', () => {
  const end = { event: 'end', run: 3, status: 'done', seconds: 5, error: null }
  expect(texts(end)).toEqual(['Run 3 done after 5.0 s'])
  const failed = texts({ ...end, status: 'failed', error: 'as the lab said it' })
  expect(failed).toEqual(['Run 3 failed after 5.0 s', 'first', 'second'])
})

test('an event of another version has no line', () => {
  expect(texts({ event: 'ofTomorrow' })).toEqual([])
})

test('the search finds words in any case, in the displayed text', () => {
  const lines = ['One pair', 'two PAIRS', 'three'].map((text) => ({ text }) as Parameters<typeof linesWith>[1][number])
  expect(linesWith(' pair ', lines).map(({ text }) => text)).toEqual(['One pair', 'two PAIRS'])
  expect(linesWith('', lines)).toBe(lines)
})
