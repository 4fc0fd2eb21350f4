import { expect, test } from 'vitest'
import { PROMPT_STYLES } from '../config/choices.ts'
import type { Observation } from '../environment/observation.ts'
import { parseCompletion } from './grammar.ts'
import { BEFORE, pagePart, promptMessages, promptName, taskPart, userMessage, userMessageOf } from './prompt.ts'

const PAGE: Observation = {
  instruction: 'Enter bob and press Ok',
  elements: [
    { ref: 1, role: 'textbox', name: 'user', states: ['focused'], value: 'bo' },
    { ref: 2, role: 'button', name: 'Ok', states: [] },
  ],
  dropped: 3,
}

test('the page comes first, then the task, then the earlier actions', () => {
  const messages = promptMessages('compact', PAGE, ['fill user textbox 1 = bo', 'press Tab'])
  expect(messages.map(({ role }) => role)).toEqual(['system', 'user'])
  expect(messages[1]!.content).toBe(
    [
      'Page:',
      ' user textbox 1 focused = bo',
      ' Ok button 2',
      ' ... 3 more',
      'Task: Enter bob and press Ok',
      'Done: fill user textbox 1 = bo',
      'Done: press Tab',
    ].join('\n'),
  )
})

test('the part that depends on the page alone is a prefix of every prompt for it', () => {
  for (const done of [[], ['press Tab']]) {
    expect(promptMessages('compact', PAGE, done)[1]!.content).toBe(pagePart(PAGE) + taskPart(PAGE.instruction, done))
  }
  expect(pagePart({ ...PAGE, instruction: 'another' })).toBe(pagePart(PAGE))
})

test.each(PROMPT_STYLES)(
  'the user’s message of the prompt %s is found again, and that of another prompt is not',
  (style) => {
    const messages = promptMessages(style, PAGE, ['press Tab'])
    expect(userMessageOf(messages)).toBe(userMessage(PAGE, ['press Tab']))
    expect(userMessageOf([{ role: 'system', content: 'Be brief.' }, ...messages.slice(-1)])).toBeUndefined()
    expect(userMessageOf(messages.slice(0, -1))).toBeUndefined()
  },
)

test('a prompt’s name tells the style and its words', () => {
  expect(promptName('compact')).toMatch(/^compact [0-9a-f]{8}$/)
  expect(promptName('instruct').split(' ')[1]).not.toBe(promptName('compact').split(' ')[1])
})

test('the answers in the worked examples are actions of their pages', () => {
  const turns = BEFORE.instruct.slice(1)
  expect(turns.map(({ role }) => role).join()).toMatch(/^(user,assistant,?)+$/)
  for (const [at, { role, content }] of turns.entries()) {
    if (role !== 'user') continue
    const lines = content.slice('Page:\n'.length, content.indexOf('\nTask: ')).split('\n')
    const elements = lines.map((line) => {
      const [, name = '', element = '', ref = '', , options] =
        /^ (?:(.*) )?([a-z]+) (\d+)( = \w+ : (.*))?/.exec(line) ?? []
      return { ref: Number(ref), role: element, name, states: [], options: options?.split(' | ') ?? [] }
    })
    expect(parseCompletion(turns[at + 1]!.content, { instruction: '', elements, dropped: 0 })).toHaveProperty(
      'decision',
    )
  }
})
