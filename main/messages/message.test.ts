import { expect, test } from 'vitest'
import { UserError } from './error.ts'
import { type Message, message } from './message.ts'
import { english } from './say.ts'
import { messageSchema } from './schema.ts'
import { canSay, speaker } from './speaker.ts'

test('a message contains its values as they are', () => {
  expect(english(message('verbatim', { text: 'a {{text}} $t(verbatim) <b>' }))).toBe('a {{text}} $t(verbatim) <b>')
})

test('messages within messages and lists are said in the same language', () => {
  const inner = message('verbatim', { text: 'b' })
  const said = message('verbatim', { text: [inner, 'c', 3] })
  expect(english(said)).toBe('b, c, 3')
  expect(speaker('zh-CN', { verbatim: '“{{text}}”' })(said)).toBe('““b”、c、3”')
})

test('the number chooses between _one and _other', () => {
  const say = speaker('en', { tasks_one: '{{count}} task', tasks_other: '{{count}} tasks' })
  const tasks = (count: number) => say(JSON.parse(JSON.stringify({ id: 'tasks', values: { count } })))
  expect([tasks(1), tasks(16)]).toEqual(['1 task', '16 tasks'])
})

test('a value may have the name of an option of i18next, which it does not set', () => {
  const say = speaker('en', { both_one: 'one {{lng}}', both_other: 'some {{lng}}' })
  const both = (values: object) => say({ id: 'both', values } as unknown as Message)
  const options = { skipInterpolation: 'yes', returnDetails: 'yes', context: 'one', defaultValue: 'none', replace: 'x' }
  expect(both({ ...options, lng: 'fr', count: 1 })).toBe('one fr')
  expect(both({ ...options, lng: 'fr', count: 2 })).toBe('some fr')
})

test('an error has the English of its messages, one line each', () => {
  const texts = ['one', 'two'].map((text) => message('verbatim', { text }))
  expect(new UserError(texts).message).toBe('one\ntwo')
  expect(new UserError('verbatim', { text: 'one' }).messages).toEqual(texts.slice(0, 1))
})

test('a catalogue can say a message if it has the id and the message has all values', () => {
  const catalogue = { found: '{{what}} in {{path}}', tasks_other: '{{count}} tasks', nothing: 'nothing' }
  const can = (told: unknown) => canSay(catalogue, told)
  const tasks = { id: 'tasks', values: { count: 2 } }
  expect(can({ id: 'found', values: { what: tasks, path: ['a', tasks] } })).toBe(true)
  expect(can({ id: 'nothing', values: {} })).toBe(true)
  // From a newer or an older version of the lab.
  expect(can({ id: 'ofTomorrow', values: {} })).toBe(false)
  expect(can({ id: 'found', values: { what: 'a' } })).toBe(false)
  expect(can({ id: 'found', values: { what: { id: 'tasks', values: { tasks: 2 } }, path: 'a' } })).toBe(false)
})

test('a catalogue cannot say what only looks like a message', () => {
  const catalogue = { nothing: 'nothing', found: '{{what}}', method: '{{toString}}' }
  const can = (told: unknown) => canSay(catalogue, told)
  for (const id of ['constructor', 'toString', '__proto__', 'hasOwnProperty', 5, null]) {
    expect(can({ id, values: {} }), String(id)).toBe(false)
  }
  expect(speaker('en', catalogue)({ id: 'constructor', values: {} } as unknown as Message)).toBe('constructor')
  for (const told of [null, 'nothing', {}, { id: 'nothing' }]) expect(can(told)).toBe(false)
  for (const values of [null, [], 'text']) expect(can({ id: 'nothing', values })).toBe(false)
  expect(can({ id: 'method', values: {} })).toBe(false)
  for (const what of [null, true, {}, [null], { id: 'constructor', values: {} }]) {
    expect(can({ id: 'found', values: { what } }), JSON.stringify(what)).toBe(false)
  }
})

test('a message from JSON is checked, with the messages in it', () => {
  const told = message('tookTooLong', { work: message('work.act'), limit: 5 })
  expect(messageSchema.parse(JSON.parse(JSON.stringify(told)))).toEqual(told)
  for (const wrong of [null, 'text', { id: 5, values: {} }, { id: 'verbatim', values: { text: { id: 'x' } } }]) {
    expect(messageSchema.safeParse(wrong).success).toBe(false)
  }
})
