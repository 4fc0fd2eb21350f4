import i18next from 'i18next'
import { expect, test } from 'vitest'
import { said } from '../../main/pipeline/messages.ts'
import { words } from '../i18n/zh.ts'
import { said as chinese } from '../i18n/zh-said.ts'
import { sayAgain } from './said.ts'

const t = await i18next.createInstance().init({
  lng: 'zh-CN',
  ns: ['translation', 'said'],
  resources: { 'zh-CN': { translation: words, said: chinese } },
  interpolation: { escapeValue: false },
})

test('a message is said in the language that has words for it, what stands in it as well', () => {
  const found = said('foundFree', { size: '9.5 GB' })
  expect(said('check', { name: 'disk', found }).text).toBe('ok   disk     9.5 GB free')
  expect(sayAgain(t, said('check', { name: 'disk', found }))).toBe('磁盘：可用 9.5 GB')
  expect(sayAgain(t, JSON.parse(JSON.stringify(said('pairsIn', { pairs: 3, path: 'a/b.jsonl' }))))).toBe(
    'a/b.jsonl 中有 3 个偏好对',
  )
})

test('what went wrong with an answer is said in the language too', () => {
  const why = said('againUnwritten', { step: 2, reason: 'form' })
  expect(said('recordNotEnough', { why }).text).toMatch(
    /played once more, step 2 cannot be written down \(not "Thought/,
  )
  expect(sayAgain(t, said('recordNotEnough', { why }))).toBe(
    `解出了，但只靠这些步骤不行：重放时，第 2 步写不出来（${words.reason.form}）。`,
  )
})

test('a line of an older lab, and one of a newer lab, stay as they were said', () => {
  expect(sayAgain(t, { text: 'as it was' })).toBe('as it was')
  const unknown = { ...said('noSuccesses', {}), id: 'ofTomorrow' as 'noSuccesses', text: 'said tomorrow' }
  expect(sayAgain(t, unknown)).toBe('said tomorrow')
})
