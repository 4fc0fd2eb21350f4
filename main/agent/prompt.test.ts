import { expect, test } from 'vitest'
import type { Observation } from '../environment/observation.ts'
import { pagePart, promptMessages, taskPart } from './prompt.ts'

const PAGE: Observation = {
  instruction: 'Enter bob and press Ok',
  elements: [
    { ref: 1, role: 'textbox', name: 'user', states: ['focused'], value: 'bo' },
    { ref: 2, role: 'button', name: 'Ok', states: [] },
  ],
  dropped: 3,
}

test('the page comes first, then the task, then the earlier actions', () => {
  const messages = promptMessages(PAGE, ['fill user textbox 1 = bo', 'press Tab'])
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
    expect(promptMessages(PAGE, done)[1]!.content).toBe(pagePart(PAGE) + taskPart(PAGE.instruction, done))
  }
  expect(pagePart({ ...PAGE, instruction: 'another' })).toBe(pagePart(PAGE))
})
