import { expect, test } from 'vitest'
import { isFolder, kindOf, nameOf, optionsOf } from './field.ts'

test('each type has a fitting input', () => {
  expect(kindOf({ type: 'boolean', words: [] })).toBe('switch')
  expect(kindOf({ type: 'boolean', words: ['auto'] })).toBe('choice')
  expect(kindOf({ type: 'choice', words: [] })).toBe('choice')
  expect(kindOf({ type: 'list', words: [] })).toBe('list')
  for (const type of ['text', 'integer', 'number'] as const) expect(kindOf({ type, words: ['auto'] })).toBe('text')
})

test('words come before the other values', () => {
  expect(optionsOf({ type: 'boolean', words: ['auto'], choices: null })).toEqual(['auto', 'true', 'false'])
  expect(optionsOf({ type: 'choice', words: ['auto'], choices: ['native', 'tfjs'] })).toEqual([
    'auto',
    'native',
    'tfjs',
  ])
})

test('the name of a field is the last part of its key', () => {
  expect(nameOf({ key: 'training.dpo.beta' })).toBe('beta')
})

test('the user’s folders can be chosen in a dialog', () => {
  expect(['environment.miniwob', 'model.base_model_name'].every((key) => isFolder({ key }))).toBe(true)
  expect(isFolder({ key: 'environment.pages' })).toBe(false)
})
