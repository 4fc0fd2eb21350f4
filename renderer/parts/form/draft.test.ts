import { describe, expect, it } from 'vitest'
import type { Field } from '../../lab.ts'
import { changes, readContent, wrongWith } from './draft.ts'

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
    expect(wrongWith(field({ above: 0 }), '0')).toEqual({ why: 'above', limit: 0 })
    expect(wrongWith(field({ type: 'integer', min: 1 }), '0')).toEqual({ why: 'min', limit: 1 })
    expect(wrongWith(field({ type: 'integer', max: 64 }), '65')).toEqual({ why: 'max', limit: 64 })
    expect(wrongWith(field({ type: 'integer' }), '1.5')).toEqual({ why: 'integer' })
    expect(wrongWith(field({}), 'much')).toEqual({ why: 'number' })
    expect(wrongWith(field({}), '')).toEqual({ why: 'number' })
    expect(wrongWith(field({}), '5e-6')).toBeNull()
  })

  it('accepts a word where one is allowed', () => {
    expect(wrongWith(field({ words: ['auto'] }), 'auto')).toBeNull()
  })

  it('requires content in lists and texts, unless null is allowed', () => {
    expect(wrongWith(field({ type: 'list' }), [])).toEqual({ why: 'empty' })
    expect(wrongWith(field({ type: 'text' }), '')).toEqual({ why: 'empty' })
    expect(wrongWith(field({ type: 'text', nullable: true }), '')).toBeNull()
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
