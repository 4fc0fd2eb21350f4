/** Long lists, read a page at a time: which rows pass a filter, and which of these are on the page. */
import type { SQLInputValue } from 'node:sqlite'

/** Part of a list, and how long the whole list is. */
export interface Page<T> {
  readonly rows: readonly T[]
  readonly total: number
}

export interface Slice {
  readonly offset: number
  readonly limit: number
}

/** What a WHERE says, and the values of its question marks in order. */
export interface Where {
  readonly conditions: string
  readonly values: readonly SQLInputValue[]
}

/** All of some conditions at once, each with its values; everything where there are none. */
export function allOf(parts: readonly (readonly [condition: string, ...values: SQLInputValue[]])[]): Where {
  return {
    conditions: parts.map(([condition]) => condition).join(' AND ') || 'TRUE',
    values: parts.flatMap(([, ...values]) => values),
  }
}

/** A pattern for LIKE ... ESCAPE '\\' that finds a text anywhere. A % or _ in the text is a letter like others. */
export function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`
}
