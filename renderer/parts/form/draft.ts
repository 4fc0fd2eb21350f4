/** The values typed into the settings form, and whether they are valid. */
import { nearest } from '../../../main/config/nearest.ts'
import { pageName } from '../../../main/config/task-name.ts'
import type { Field } from '../../lab.ts'

/** Changed values by key, as the inputs hold them. */
export type Draft = Readonly<Record<string, unknown>>

/** Why a value is invalid: a key of the `form.wrong` texts, and the values in it. */
export interface Wrong {
  readonly why: 'number' | 'integer' | 'min' | 'max' | 'above' | 'empty' | 'unknown' | 'unknownNear'
  readonly limit?: number
  /** The unknown item of a list, and the one that was probably meant. */
  readonly name?: string
  readonly near?: string
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

/**
 * Why a field's content is invalid; null where it is valid as far as the form can tell. `tasks` are the names of all tasks; with
 * none, lists of tasks are not checked.
 */
export function wrongWith(field: Field, content: unknown, tasks: readonly string[]): Wrong | null {
  const value = readContent(field, content)
  if (value === null) return null
  if (field.type === 'list' && Array.isArray(value)) return wrongList(field, value.map(String), tasks)
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

function wrongList({ choices, min, words }: Field, items: readonly string[], tasks: readonly string[]): Wrong | null {
  if (items.length < (min ?? 0)) return { why: 'empty' }
  const all = choices ?? tasks
  if (all.length === 0) return null
  const known = [...words, ...all]
  const name = items.find((item) => !known.includes(choices === null ? pageName(item) : item))
  if (name === undefined) return null
  const near = nearest(name, known)
  return near === undefined ? { why: 'unknown', name } : { why: 'unknownNear', name, near }
}

/**
 * The keys of a draft that another window has saved with another value since the draft began. `saved` are their values at that
 * time.
 */
export function conflicts(fields: readonly Field[], draft: Draft, saved: Readonly<Record<string, unknown>>): string[] {
  const changed = changes(fields, draft)
  return fields
    .filter(({ key, value }) => key in changed && key in saved && JSON.stringify(saved[key]) !== JSON.stringify(value))
    .map(({ key }) => key)
}

/** The saved values of some keys when their drafts began. */
export function savedBefore(
  keys: readonly string[],
  saved: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(keys.flatMap((key) => (key in saved ? [[key, saved[key]]] : [])))
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
