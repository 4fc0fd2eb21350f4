import { describe, expect, it } from 'vitest'
import type { Field } from '../../lab.ts'
import { changes, conflicts, readContent, wrongWith } from './draft.ts'

const TASKS = ['click-button', 'click-tab-2']

const field = (over: Partial<Field>): Field => ({
  key: 'training.dpo.beta',
  group: 'training.dpo',
  type: 'number',
  min: null,
  max: null,
  above: null,
  choices: null,
  words: [],
  nullable: false,
  default: 0.1,
  value: 0.1,
  explanation: '',
  advanced: false,
  commands: [],
  ...over,
})

describe('wrongWith', () => {
  it('checks the bounds of numbers', () => {
    expect(wrongWith(field({ above: 0 }), '0', TASKS)).toEqual({ why: 'above', limit: 0 })
    expect(wrongWith(field({ type: 'integer', min: 1 }), '0', TASKS)).toEqual({ why: 'min', limit: 1 })
    expect(wrongWith(field({ type: 'integer', max: 64 }), '65', TASKS)).toEqual({ why: 'max', limit: 64 })
    expect(wrongWith(field({ type: 'integer' }), '1.5', TASKS)).toEqual({ why: 'integer' })
    expect(wrongWith(field({}), 'much', TASKS)).toEqual({ why: 'number' })
    expect(wrongWith(field({}), '', TASKS)).toEqual({ why: 'number' })
    expect(wrongWith(field({}), '5e-6', TASKS)).toBeNull()
  })

  it('accepts a word where one is allowed', () => {
    expect(wrongWith(field({ words: ['auto'] }), 'auto', TASKS)).toBeNull()
  })

  it('requires content in lists and texts, unless null is allowed', () => {
    expect(wrongWith(field({ type: 'list', min: 1 }), [], TASKS)).toEqual({ why: 'empty' })
    expect(wrongWith(field({ type: 'text' }), '', TASKS)).toEqual({ why: 'empty' })
    expect(wrongWith(field({ type: 'text', nullable: true }), '', TASKS)).toBeNull()
  })
})

describe('lists', () => {
  const tasks = field({ key: 'tasks', type: 'list', min: 1 })

  it('must name tasks that exist; the nearest one is offered', () => {
    expect(wrongWith(tasks, ['click-button', 'miniwob/click-tab-2-v1'], TASKS)).toBeNull()
    expect(wrongWith({ ...tasks, words: ['classic'] }, ['classic', 'click-button'], TASKS)).toBeNull()
    expect(wrongWith(tasks, ['click-buton'], TASKS)).toEqual({
      why: 'unknownNear',
      name: 'click-buton',
      near: 'click-button',
    })
    expect(wrongWith(tasks, ['make-tea'], TASKS)).toEqual({ why: 'unknown', name: 'make-tea' })
    expect(wrongWith(tasks, ['make-tea'], [])).toBeNull()
  })

  it('of choices take the choices alone', () => {
    const arms = field({ key: 'evaluation.policy_gradients', type: 'list', choices: ['rloo', 'grpo'] })
    expect(wrongWith(arms, [], TASKS)).toBeNull()
    expect(wrongWith(arms, ['rlo'], TASKS)).toEqual({ why: 'unknownNear', name: 'rlo', near: 'rloo' })
  })
})

describe('conflicts', () => {
  it('are drafts whose saved value another window has changed', () => {
    const beta = field({ key: 'beta', value: 0.2 })
    expect(conflicts([beta], { beta: '0.3' }, { beta: 0.1 })).toEqual(['beta'])
    expect(conflicts([beta], { beta: '0.3' }, { beta: 0.2 })).toEqual([])
    // Both wrote the same value.
    expect(conflicts([beta], { beta: '0.2' }, { beta: 0.1 })).toEqual([])
  })
})

describe('changes', () => {
  it('leaves out unchanged values, and reads numbers and nulls', () => {
    const fields = [
      field({ key: 'a', value: 0.1 }),
      field({ key: 'b', value: 5, type: 'integer' }),
      field({ key: 'c', value: ['x'], type: 'list', nullable: true }),
    ]
    expect(changes(fields, { a: '0.10', b: '6', c: [] })).toEqual({ b: 6, c: null })
  })

  it('reads yes and no where a word is allowed too', () => {
    const either = field({ type: 'boolean', words: ['auto'], value: 'auto' })
    expect(readContent(either, 'true')).toBe(true)
    expect(readContent(either, 'false')).toBe(false)
    expect(readContent(either, 'auto')).toBe('auto')
  })

  it('reads null and ~ as null where null is allowed', () => {
    expect(readContent(field({ type: 'text', nullable: true }), ' null ')).toBeNull()
    expect(readContent(field({ type: 'text' }), 'null')).toBe('null')
  })

  it('keeps a word as text', () => {
    expect(readContent(field({ words: ['auto'] }), 'auto')).toBe('auto')
  })
})
