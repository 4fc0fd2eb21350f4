/** Lists the values of a configuration, and the differences between two. */
import type { Config } from './schema.ts'

export interface Difference {
  /** Dotted, as `--set` takes it. */
  readonly key: string
  /** null where there is no such value. */
  readonly a: unknown
  readonly b: unknown
}

/** Every value by its dotted key. A list is one value. */
export function flatten(config: Config): Map<string, unknown> {
  const values = new Map<string, unknown>()
  const visit = (value: unknown, key: string) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) values.set(key, value)
    else for (const [name, inner] of Object.entries(value)) visit(inner, key === '' ? name : `${key}.${name}`)
  }
  visit(config, '')
  return values
}

/** The settings in which two configurations differ. */
export function differences(one: Config, other: Config): Difference[] {
  const [a, b] = [flatten(one), flatten(other)]
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((key) => JSON.stringify(a.get(key)) !== JSON.stringify(b.get(key)))
    .map((key) => ({ key, a: a.get(key) ?? null, b: b.get(key) ?? null }))
}
