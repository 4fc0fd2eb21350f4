/** Reads config.yaml. Errors name the file, the line, the key and what was probably meant. */
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { type Document, isMap, isScalar, parseDocument } from 'yaml'
import { projectPath } from '../files/paths.ts'
import { refusePipe } from '../files/read.ts'
import { UserError } from '../messages/error.ts'
import { message, type Value } from '../messages/message.ts'
import { explain } from './explain.ts'
import { ALIASES, type Config, configSchema } from './schema.ts'
import { parseYaml } from './yaml.ts'

/** The file that `loadConfig` reads. */
export function configFile(path?: string): string {
  return path ?? projectPath('config.yaml')
}

/**
 * Reads a configuration file and fills in the defaults. `overrides` are values by dotted key ("project.seed": 7), as
 * the command line gives them. They override the file; errors in them name `place`. Without a path, config.yaml of the
 * project is read, or the defaults where it does not exist. Throws UserError with one message for each problem.
 */
export function loadConfig(
  path?: string,
  overrides: Readonly<Record<string, unknown>> = {},
  place: Value = message('commandLine'),
): Config {
  return openConfig(path)(overrides, place)
}

/** Settings with `overrides` over them, as `loadConfig` returns them. */
export type ConfigReader = (overrides?: Readonly<Record<string, unknown>>, place?: Value) => Config

/** `loadConfig` for many overrides: the file is read and checked once. Throws UserError for what is wrong in the file itself. */
export function openConfig(path?: string): ConfigReader {
  const file = configFile(path)
  const shown = relative(process.cwd(), file).startsWith('..') ? file : relative(process.cwd(), file)
  let text: string
  try {
    refusePipe(file)
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (path !== undefined || code !== 'ENOENT') throw new UserError('configUnreadable', { path: shown, code })
    text = ''
  }
  return configReader(text, shown)
}

/** `loadConfig` for a text. Errors call it `file`. */
export function parseConfig(
  text: string,
  file: string,
  overrides: Readonly<Record<string, unknown>> = {},
  place: Value = message('commandLine'),
): Config {
  return configReader(text, file)(overrides, place)
}

function configReader(text: string, file: string): ConfigReader {
  const { document, values, place: inFile } = parseYaml(text, file)
  renameAliases(document)
  const written: unknown = values() ?? {}
  const { error } = configSchema.safeParse(written, { reportInput: true })
  if (error !== undefined) throw new UserError(error.issues.flatMap((issue) => explain(issue, inFile)))
  return (overrides = {}, place = message('commandLine')) => {
    const changed = Object.entries(overrides).reduce(
      (group, [key, value]) => withValue(group, key.split('.'), value),
      written,
    )
    const config = configSchema.safeParse(changed, { reportInput: true })
    if (!config.success) {
      throw new UserError(config.error.issues.flatMap((issue) => explain(issue, () => place)))
    }
    refuseSharedSeeds(config.data, file)
    return config.data
  }
}

/**
 * A copy of a group or list with another value at this path. What the value would be part of and cannot, such as a number,
 * makes room, so that the schema says what belongs there.
 */
function withValue(group: unknown, [key, ...inner]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value
  if (Array.isArray(group) && /^\d+$/.test(key) && Number(key) <= group.length) {
    return Object.assign([...group], { [key]: withValue(group[Number(key)], inner, value) })
  }
  const values = isGroup(group) ? group : {}
  const own = Object.hasOwn(values, key) ? values[key] : undefined
  return { ...values, [key]: withValue(own, inner, value) }
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Throws UserError where a new run may not have these settings: those of an earlier run can be beyond bounds that there are now.
 */
export function refuseBeyondBounds(settings: Config): void {
  const config = configSchema.safeParse(settings, { reportInput: true })
  if (!config.success) {
    throw new UserError(config.error.issues.flatMap((issue) => explain(issue, () => message('settings'))))
  }
}

/** Reads the "key=value" of `--set`. The value is YAML. */
export function parseOverride(assignment: string): [key: string, value: unknown] {
  const at = assignment.indexOf('=')
  if (at < 1) throw new UserError('overrideNotKeyValue', { assignment })
  const document = parseDocument(assignment.slice(at + 1))
  if (document.errors.length > 0) throw new UserError('overrideNotYaml', { assignment })
  try {
    return [ALIASES[assignment.slice(0, at)] ?? assignment.slice(0, at), document.toJS()]
  } catch {
    throw new UserError('overrideNotYaml', { assignment })
  }
}

/** Renames keys that have another trainer's name. */
export function renameAliases(document: Document): void {
  for (const [alias, key] of Object.entries(ALIASES)) {
    const path = alias.split('.')
    const parent = document.getIn(path.slice(0, -1))
    if (!isMap(parent)) continue
    const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === path.at(-1))
    const name = key.split('.').at(-1) ?? ''
    if (pair !== undefined && isScalar(pair.key) && !parent.has(name)) pair.key.value = name
  }
}

/** Number of seeds reserved for golden samples. An expert that fails at one takes the next. */
export const GOLDEN_SEEDS = 1000

/**
 * Training, validation and evaluation must never share a problem: success at problems seen in training would measure
 * memory.
 */
function refuseSharedSeeds(config: Config, file: string): void {
  const blocks = [
    { key: 'golden.seed_start', start: config.golden.seed_start, length: GOLDEN_SEEDS },
    {
      key: 'collect.seed_start',
      start: config.collect.seed_start,
      length: config.collect.seeds_per_task * config.flywheel.rounds,
    },
    {
      key: 'validation.seed_start',
      start: config.validation.seed_start,
      length: config.validation.num_episodes_per_task,
    },
    {
      key: 'evaluation.seed_start',
      start: config.evaluation.seed_start,
      length: config.evaluation.num_episodes_per_task,
    },
  ].sort((a, b) => a.start - b.start)
  for (const [at, block] of blocks.entries()) {
    const next = blocks[at + 1]
    if (next !== undefined && block.start + block.length > next.start) {
      throw new UserError('seedsShared', {
        path: file,
        key: block.key,
        start: block.start,
        end: block.start + block.length - 1,
        next: next.key,
        nextStart: next.start,
      })
    }
  }
}
