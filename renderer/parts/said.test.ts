import i18next from 'i18next'
import { expect, test } from 'vitest'
import { said } from '../../main/pipeline/messages.ts'
import { words } from '../i18n/zh.ts'
import { engine } from '../i18n/zh-engine.ts'
import { errors } from '../i18n/zh-errors.ts'
import { said as chinese } from '../i18n/zh-said.ts'
import { sayAgain, type Told } from './said.ts'

const t = await i18next.createInstance().init({
  lng: 'zh-CN',
  ns: ['translation', 'said'],
  resources: { 'zh-CN': { translation: words, said: chinese } },
  interpolation: { escapeValue: false },
})

const say = (told: Told) => sayAgain(t, told, { errors, engine })

test('a message is said in the language that has words for it, what stands in it as well', () => {
  const found = said('foundFree', { size: '9.5 GB' })
  expect(said('check', { name: 'disk', found }).text).toBe('ok   disk     9.5 GB free')
  expect(say(said('check', { name: 'disk', found }))).toBe('磁盘：可用 9.5 GB')
  expect(say(JSON.parse(JSON.stringify(said('pairsIn', { pairs: 3, path: 'a/b.jsonl' }))))).toBe(
    'a/b.jsonl 中有 3 个偏好对',
  )
})

test('what went wrong with an answer is said in the language too', () => {
  const why = said('againUnwritten', { step: 2, reason: 'form' })
  expect(said('recordNotEnough', { why }).text).toMatch(
    /played once more, step 2 cannot be written down \(not "Thought/,
  )
  expect(say(said('recordNotEnough', { why }))).toBe(
    `解出了，但只靠这些步骤不行：重放时，第 2 步写不出来（${words.reason.form}）。`,
  )
})

test('a line of an older lab, and one of a newer lab, stay as they were said', () => {
  expect(say({ text: 'as it was' })).toBe('as it was')
  const unknown = { ...said('noSuccesses', {}), id: 'ofTomorrow' as 'noSuccesses', text: 'said tomorrow' }
  expect(say(unknown)).toBe('said tomorrow')
})

test('values that are made of sentences are said in the language as well', () => {
  const found = said('foundEngine', { engine: 'native, AVX2, 4 threads' })
  expect(say(said('check', { name: 'engine', found }))).toBe('引擎：原生，AVX2，4 个线程')
  expect(say(said('recordImpossible', { why: 'the element is gone' }))).toBe('做不到：元素已不存在。')
  expect(say(said('recordBroken', { why: 'the page crashed' }))).toBe('页面出了故障（页面崩溃了）：请重新录制。')
  expect(sayAgain(t, said('recordImpossible', { why: 'as others say' }), { errors: undefined, engine })).toBe(
    '做不到：as others say。',
  )
})
