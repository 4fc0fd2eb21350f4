import { describe, expect, test } from 'vitest'
import type { Action } from '../environment/action.ts'
import type { Observation } from '../environment/observation.ts'
import type { ParseFailure } from '../store/episode.ts'
import { answerFailure, formatAction, formatCompletion, parseCompletion } from './grammar.ts'
import { pagePart, taskPart } from './prompt.ts'

const PAGE: Observation = {
  instruction: 'sign up',
  elements: [
    { ref: 1, role: 'button', name: 'Ok', states: [] },
    { ref: 2, role: 'textbox', name: 'user name', states: ['focused'], value: 'bob' },
    { ref: 3, role: 'textbox', name: '', states: [] },
    { ref: 4, role: 'combobox', name: 'country', states: [], options: ['Peru', 'Chile = best', 'Côte d’Ivoire'] },
    { ref: 5, role: 'textbox', name: 'a = b 1', states: [] },
    { ref: 6, role: 'button', name: '2', states: [] },
    { ref: 12, role: 'button', name: 'Ok', states: [] },
  ],
  dropped: 0,
}

const ACTIONS: [string, Action][] = [
  ['click Ok button 1', { kind: 'click', ref: 1 }],
  ['click Ok button 12', { kind: 'click', ref: 12 }],
  ['click textbox 3', { kind: 'click', ref: 3 }],
  ['click 2 button 6', { kind: 'click', ref: 6 }],
  ['fill user name textbox 2 = alice', { kind: 'fill', ref: 2, text: 'alice' }],
  ['fill textbox 3 = x = 2 = y', { kind: 'fill', ref: 3, text: 'x = 2 = y' }],
  ['fill a = b 1 textbox 5 = c', { kind: 'fill', ref: 5, text: 'c' }],
  ['fill textbox 3 =  two blanks ', { kind: 'fill', ref: 3, text: ' two blanks ' }],
  ['select country combobox 4 = Peru', { kind: 'select', ref: 4, option: 'Peru' }],
  ['select country combobox 4 = Chile = best', { kind: 'select', ref: 4, option: 'Chile = best' }],
  ['select country combobox 4 = Côte d’Ivoire', { kind: 'select', ref: 4, option: 'Côte d’Ivoire' }],
  ['press Enter', { kind: 'press', key: 'Enter' }],
  ['press ArrowDown', { kind: 'press', key: 'ArrowDown' }],
]

describe.each(ACTIONS)('%s', (text, action) => {
  test('is written and read back', () => {
    expect(formatAction(action, PAGE)).toBe(text)
    const completion = formatCompletion({ thought: 'it is there', action }, PAGE)
    expect(completion).toBe(`Thought: it is there\nAction: ${text}`)
    expect(parseCompletion(completion, PAGE)).toEqual({ decision: { thought: 'it is there', action } })
  })
})

const REFUSED: [string, ParseFailure][] = [
  ['', 'form'],
  ['click Ok button 1', 'form'],
  ['Thought: a', 'form'],
  ['Thought: a\nAction: click', 'form'],
  ['Thought: a\nThought: b\nAction: click Ok button 1', 'form'],
  ['Thought: a\nAction: click Ok button 1\n', 'form'],
  ['Thought: a\nAction: click Ok button 1\nAction: press Enter', 'form'],
  [' Thought: a\nAction: click Ok button 1', 'form'],
  ['Thought: a\nAction:  click button Ok 1', 'form'],
  ['Thought: a\nAction: hover button Ok 1', 'verb'],
  ['Thought: a\nAction: press F5', 'key'],
  ['Thought: a\nAction: press Enter ', 'key'],
  ['Thought: a\nAction: press toString', 'key'],
  ['Thought: a\nAction: click button Ok', 'ref'],
  ['Thought: a\nAction: click Ok button 99', 'ref'],
  ['Thought: a\nAction: click button Ok 1.0', 'ref'],
  ['Thought: a\nAction: click 1', 'mismatch'],
  ['Thought: a\nAction: click button 1', 'mismatch'],
  ['Thought: a\nAction: click ok button 1', 'mismatch'],
  ['Thought: a\nAction: click Ok link 1', 'mismatch'],
  ['Thought: a\nAction: click Ok button 01', 'mismatch'],
  ['Thought: a\nAction: click Ok button 1 focused', 'ref'],
  ['Thought: a\nAction: fill user name textbox 2', 'argument'],
  ['Thought: a\nAction: fill textbox user name 2 =', 'argument'],
  ['Thought: a\nAction: fill name textbox 2 = alice', 'mismatch'],
  ['Thought: a\nAction: fill user name textbox 9 = alice', 'ref'],
  ['Thought: a\nAction: select country combobox 4 = peru', 'option'],
  ['Thought: a\nAction: select user name textbox 2 = bob', 'option'],
]

test.each(REFUSED)('%j is refused: %s', (text, failure) => {
  expect(parseCompletion(text, PAGE)).toEqual({ failure })
})

test('an empty text empties the field', () => {
  const action: Action = { kind: 'fill', ref: 3, text: '' }
  expect(parseCompletion(formatCompletion({ thought: 'a', action }, PAGE), PAGE)).toEqual({
    decision: { thought: 'a', action },
  })
})

test('an element that is not on the page cannot be written', () => {
  expect(() => formatAction({ kind: 'click', ref: 77 }, PAGE)).toThrow('no element with ref 77')
})

test('hostile text does not make the parser slow', () => {
  const began = process.cpuUsage()
  for (const text of [
    `Thought: ${'a'.repeat(100_000)}`,
    `Thought: a\nAction: fill textbox ${' = '.repeat(2_000)}`,
    `Thought: a\nAction: click ${'1 '.repeat(50_000)}`,
  ]) {
    expect(parseCompletion(text, PAGE)).toHaveProperty('failure')
  }
  // Processor time, not wall time: the machine may be busy.
  expect(process.cpuUsage(began).user).toBeLessThan(1_000_000)
})

describe('an answer beside its prompt', () => {
  const prompt = pagePart(PAGE) + taskPart(PAGE.instruction, [])
  test.each(ACTIONS)('can be acted on: %s', (text) => {
    expect(answerFailure(`Thought: t\nAction: ${text}`, prompt)).toBeNull()
  })

  test.each([
    ['click Ok button 1', 'form'],
    ['Thought: t\nAction: hover Ok button 1', 'verb'],
    ['Thought: t\nAction: press F1', 'key'],
    ['Thought: t\nAction: click Ok button 2', 'mismatch'],
    ['Thought: t\nAction: click Ok button', 'mismatch'],
    ['Thought: t\nAction: fill textbox 3', 'argument'],
    ['Thought: t\nAction: fill textbox 4 = x', 'mismatch'],
    [' Thought: t\nAction: press Enter', 'form'],
  ])('cannot be acted on: %j', (text, failure) => {
    expect(answerFailure(text, prompt)).toBe(failure)
  })

  test('where the prompt shows no page, only the form counts', () => {
    expect(answerFailure('Thought: t\nAction: click anything', 'a question')).toBeNull()
    expect(answerFailure('anything', 'a question')).toBe('form')
  })
})
