/** Long lists, read a page at a time: the filter, and the rows of the page. */
import type { SQLInputValue } from 'node:sqlite'

/** A part of a list, and the length of the whole list. */
export interface Page<T> {
  readonly rows: readonly T[]
  readonly total: number
}

export interface Slice {
  readonly offset: number
  readonly limit: number
}

/** A WHERE condition, and the values of its question marks in order. */
export interface Where {
  readonly conditions: string
  readonly values: readonly SQLInputValue[]
}

/** A condition, and the values of its question marks. */
export type Part = readonly [condition: string, ...values: SQLInputValue[]]

/** Joins conditions with AND; without conditions, every row matches. */
export function allOf(parts: readonly Part[]): Where {
  return {
    conditions: parts.map(([condition]) => condition).join(' AND ') || 'TRUE',
    values: parts.flatMap(([, ...values]) => values),
  }
}

/** A pattern for LIKE ... ESCAPE '\\' that finds a text anywhere. % and _ in the text are ordinary characters. */
export function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`
}
