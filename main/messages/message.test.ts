import { expect, test } from 'vitest'
import { UserError } from './error.ts'
import { message } from './message.ts'
import { english, speaker } from './say.ts'

test('a message is said with its values, whatever they hold', () => {
  expect(english(message('verbatim', { text: 'a {{text}} $t(verbatim) <b>' }))).toBe('a {{text}} $t(verbatim) <b>')
})

test('messages within messages and lists are said in the same language', () => {
  const inner = message('verbatim', { text: 'b' })
  const said = message('verbatim', { text: [inner, 'c', 3] })
  expect(english(said)).toBe('b, c, 3')
  expect(speaker('zh-CN', { verbatim: '“{{text}}”' })(said)).toBe('““b”、c、3”')
})

test('a number chooses between one and other', () => {
  const say = speaker('en', { tasks_one: '{{count}} task', tasks_other: '{{count}} tasks' })
  const tasks = (count: number) => say(JSON.parse(JSON.stringify({ id: 'tasks', values: { count } })))
  expect([tasks(1), tasks(16)]).toEqual(['1 task', '16 tasks'])
})

test('an error says its messages, a line each', () => {
  const texts = ['one', 'two'].map((text) => message('verbatim', { text }))
  expect(new UserError(texts).message).toBe('one\ntwo')
  expect(new UserError('verbatim', { text: 'one' }).messages).toEqual(texts.slice(0, 1))
})
