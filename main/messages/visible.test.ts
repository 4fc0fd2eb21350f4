import { expect, test } from 'vitest'
import { message } from './message.ts'
import { english } from './say.ts'
import { visible } from './visible.ts'

test('characters that act on a screen become visible; line breaks and tabs stay', () => {
  expect(visible('a\x1b[2J\x07b\rc\u009b1m\u202Ed\r\n\te\n')).toBe('a\uFFFD[2J\uFFFDb\uFFFDc\uFFFD1m\uFFFDd\n\te\n')
  expect(visible('Thought: 中文 é 👍🏽')).toBe('Thought: 中文 é 👍🏽')
})

test('a message says its values without them', () => {
  const name = message('pairName', { id: 1, task: '\x1b]0;title\x07', seed: 2, step: 3 })
  expect(english(message('pairAdded', { place: 'a\x1b[31m.jsonl:1', pair: name }))).toBe(
    'a\uFFFD[31m.jsonl:1: added pair 1 (\uFFFD]0;title\uFFFD, seed 2, step 3)',
  )
})
