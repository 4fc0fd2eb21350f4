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

/** A setting that is not the same in all of several configurations, with its value in each. */
export interface Differing {
  readonly key: string
  /** In the order of the configurations; null where one has no such value. */
  readonly values: readonly unknown[]
}

/** The settings in which some of these configurations differ. */
export function differing(configs: readonly Config[]): Differing[] {
  const all = configs.map(flatten)
  return [...new Set(all.flatMap((values) => [...values.keys()]))]
    .map((key) => ({ key, values: all.map((values) => values.get(key) ?? null) }))
    .filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1)
}

/** The settings in which two configurations differ. */
export function differences(one: Config, other: Config): Difference[] {
  return differing([one, other]).map(({ key, values: [a, b] }) => ({ key, a, b }))
}
