/** The values typed into the settings form, and whether they are valid. */
import type { Field } from '../../lab.ts'

/** Changed values by key, as the inputs hold them. */
export type Draft = Readonly<Record<string, unknown>>

/** Why a value is invalid: a key of the `form.wrong` texts, and its number. */
export interface Wrong {
  readonly why: 'number' | 'integer' | 'min' | 'max' | 'above' | 'empty'
  readonly limit?: number
}

/** The value of an input's content: digits as a number, nothing as null where null is allowed. */
export function readContent(field: Field, content: unknown): unknown {
  if (field.nullable && (content === null || isNothing(content))) return null
  if (field.type === 'integer' || field.type === 'number') {
    const text = String(content).trim()
    return field.words.includes(text) || text === '' ? text : Number(text)
  }
  if (field.type === 'boolean' && typeof content === 'string' && !field.words.includes(content))
    return content === 'true'
  return content
}

/** Whether a field is empty, or has YAML's word for null, which the explanations use. */
function isNothing(content: unknown): boolean {
  return Array.isArray(content) ? content.length === 0 : ['', 'null'].includes(String(content).trim())
}

/** Why a field's content is invalid; null where it is valid as far as the form can tell. */
export function wrongWith(field: Field, content: unknown): Wrong | null {
  const value = readContent(field, content)
  if (value === null) return null
  if (field.type === 'list' && Array.isArray(value)) return value.length === 0 ? { why: 'empty' } : null
  if (field.type === 'text') return value === '' ? { why: 'empty' } : null
  if (field.type !== 'integer' && field.type !== 'number') return null
  if (typeof value === 'string') return field.words.includes(value) ? null : { why: 'number' }
  if (typeof value !== 'number' || Number.isNaN(value)) return { why: 'number' }
  if (field.type === 'integer' && !Number.isInteger(value)) return { why: 'integer' }
  if (field.min !== null && value < field.min) return { why: 'min', limit: field.min }
  if (field.max !== null && value > field.max) return { why: 'max', limit: field.max }
  if (field.above !== null && value <= field.above) return { why: 'above', limit: field.above }
  return null
}

/** The values of a draft that differ from the present values of their fields. */
export function changes(fields: readonly Field[], draft: Draft): Record<string, unknown> {
  return Object.fromEntries(
    fields.flatMap((field) => {
      if (!(field.key in draft)) return []
      const value = readContent(field, draft[field.key])
      return JSON.stringify(value) === JSON.stringify(field.value) ? [] : [[field.key, value]]
    }),
  )
}
