import { expect, test } from 'vitest'
import { failureOf, UserError } from '../../main/messages/error.ts'
import { type Message, message } from '../../main/messages/message.ts'
import { english } from '../../main/messages/say.ts'
import { speaker } from '../../main/messages/speaker.ts'
import { CHINESE } from '../../main/messages/zh.ts'
import { sayWith, type Told, tells } from './say.ts'

const chinese = { catalogue: CHINESE, say: speaker('zh-CN', CHINESE) }
const say = (told: Told) => sayWith(chinese, told)
/** A message as a log line keeps it. */
const logged = (told: Message) => JSON.parse(JSON.stringify({ event: 'message', ...told, text: english(told) }))

test('a message and the messages in it are shown in the reader’s language', () => {
  const found = message('foundFree', { size: '9.5 GB' })
  const check = message('check', { name: message('checkDisk'), found })
  expect(english(check)).toBe('Disk: 9.5 GB free')
  expect(say(logged(check))).toBe('磁盘：可用 9.5 GB')
  const why = message('againUnwritten', { step: 2, reason: message('failure.key') })
  expect(say(message('recordNotEnough', { why }))).toBe(
    '解出了，但录下的步骤不够：重放时，第 2 步无法写成动作（没有这个按键）。',
  )
})

test('an error is shown in the reader’s language, a line for each message; a bug shows its stack', () => {
  const failure = failureOf(new UserError([message('noSuccesses'), message('recordMoved')]))
  expect(say(JSON.parse(JSON.stringify(failure)))).toBe(`${CHINESE.noSuccesses}\n${CHINESE.recordMoved}`)
  expect(say(failureOf(new Error('a bug')))).toMatch(/^Error: a bug\n +at/)
})

test('an error of the lab is shown by its messages, which tRPC keeps in its data', () => {
  const messages = [message('recordMoved')]
  expect(say(Object.assign(new Error('in English'), { data: { code: 'BAD_REQUEST', messages } }))).toBe(
    CHINESE.recordMoved,
  )
  expect(say(Object.assign(new Error('in English'), { messages }))).toBe(CHINESE.recordMoved)
  expect(say(messages)).toBe(CHINESE.recordMoved)
  expect(say(new Error('the line is dead'))).toBe('the line is dead')
})

test('a command stands in quotation marks, as the window shows text without marks of a terminal', () => {
  expect(say(message('hubGated', { name: 'a/b', page: 'https://host/a/b' }))).toMatch(/运行 “hf auth login”。$/)
})

test('log lines of an older or a newer lab stay as they are', () => {
  const line = (told: object) => say({ event: 'message', ...told } as unknown as Told)
  expect(line({ text: 'as it was' })).toBe('as it was')
  expect(line({ id: 'ofTomorrow', values: {}, text: 'said tomorrow' })).toBe('said tomorrow')
  expect(line({ id: 'results', values: { table: 'a', sft: '1', dpo: '2' }, text: 'the table' })).toBe('SFT 1%，DPO 2%')
  expect(line({ id: 'foundTasks', values: { tasks: 3 }, text: '3 tasks' })).toBe('3 tasks')
  expect(say({ error: 'of an older lab' } as unknown as Told)).toBe('of an older lab')
})

test('what a changed store holds shows its text', () => {
  const line = (told: object) => say({ event: 'message', text: 'as stored', ...told } as unknown as Told)
  expect(line({ id: 'toString', values: {} })).toBe('as stored')
  expect(line({ id: 'recordMoved', values: null })).toBe('as stored')
  expect(line({ id: 'verbatim', values: { text: null } })).toBe('as stored')
  expect(line({ id: 'verbatim', values: { text: [{ id: '__proto__', values: {} }] } })).toBe('as stored')
  expect(line({ id: 'ofTomorrow', values: {}, text: 5 })).toBe('5')
  for (const messages of [null, 'text', [null], [message('recordMoved'), { id: 'recordMoved', values: null }]]) {
    expect(say({ text: 'as stored', messages } as unknown as Told), JSON.stringify(messages)).toBe('as stored')
    expect(say(Object.assign(new Error('in English'), { messages }))).toBe('in English')
  }
})

test('of several messages only those that the catalogue lacks are in English', () => {
  const unknown = { id: 'ofTomorrow', values: {}, text: 'said tomorrow' }
  expect(say([message('recordMoved'), unknown] as unknown as Told)).toBe(`${CHINESE.recordMoved}\nsaid tomorrow`)
})

test('texts of other programs stay as they are', () => {
  expect(say(message('verbatim', { text: 'Target closed' }))).toBe('Target closed')
  expect(say(message('browserFailed', { detail: 'Target closed' }))).toBe('浏览器出错：Target closed')
})

test('an error of the lab is known by its message', () => {
  const error = Object.assign(new Error('in English'), { data: { messages: [null, message('recordMoved')] } })
  expect([tells(error, 'recordMoved'), tells(error, 'browserFailed'), tells('in English', 'recordMoved')]).toEqual([
    true,
    false,
    false,
  ])
})
