/** The settings of runs that are stored. Bounds can become narrower; what a run was made with stays as it was. */
import type { z } from 'zod'
import { type Config, configSchema } from './schema.ts'

/** Settings as a store has them, with values beyond today's bounds. Only a new run is held to those. */
export function parseStored(settings: unknown): z.ZodSafeParseResult<Config> {
  const read = configSchema.safeParse(settings, { reportInput: true })
  if (read.success) return read
  const beyond = read.error.issues.flatMap((issue) => {
    const bound = boundOf(issue)
    return bound === undefined ? [] : [{ path: issue.path, bound }]
  })
  if (beyond.length < read.error.issues.length) return read
  const within = structuredClone(settings)
  const values = beyond.map(({ path, bound }) => ({ path, value: put(within, path, bound) }))
  const config = configSchema.safeParse(within)
  if (!config.success) return read
  for (const { path, value } of values) put(config.data, path, value)
  return config
}

/** The bound that a number is beyond. */
function boundOf(issue: z.core.$ZodIssue): number | undefined {
  if (issue.code === 'too_big' && typeof issue.input === 'number') return Number(issue.maximum)
  if (issue.code === 'too_small' && typeof issue.input === 'number') return Number(issue.minimum)
  return undefined
}

/** Puts a value where another one is, and returns that one. */
function put(settings: unknown, path: readonly PropertyKey[], value: unknown): unknown {
  const holder = path.slice(0, -1).reduce((one, key) => (one as Record<PropertyKey, unknown>)[key], settings)
  const group = holder as Record<PropertyKey, unknown>
  const key = path.at(-1) ?? ''
  const before = group[key]
  group[key] = value
  return before
}
