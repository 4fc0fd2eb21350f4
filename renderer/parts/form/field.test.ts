import { expect, test } from 'vitest'
import { names } from '../../i18n/en-fields.ts'
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

test('a field has a name in each language; one of a newer lab has its key', () => {
  const words = { language: 'en', getResourceBundle: () => names }
  expect(nameOf(words, { key: 'training.dpo.learning_rate' })).toBe('Learning rate')
  expect(nameOf(words, { key: 'training.dpo.of_tomorrow' })).toBe('training.dpo.of_tomorrow')
})

test('the user’s folders can be chosen in a dialog', () => {
  expect(['environment.miniwob', 'model.base_model_name'].every((key) => isFolder({ key }))).toBe(true)
  expect(isFolder({ key: 'environment.pages' })).toBe(false)
})
