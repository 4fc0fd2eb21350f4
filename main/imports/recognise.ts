/** Recognises what somebody gives to the lab: a model, an adapter, golden samples, or pairs. */
import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { ADAPTER_FILES, checkAdapter, noAdapter } from '../engine/adapter/adapter.ts'
import { parseAdapterConfig } from '../engine/adapter/config.ts'
import { knownShape, localFolder } from '../engine/architecture.ts'
import { readOptional } from '../engine/checkpoint/model-file.ts'
import { isGguf } from '../engine/gguf/parts.ts'
import { describeFolder, describeGguf } from '../engine/installed/describe.ts'
import { projectPath, shownPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import type { Message } from '../messages/message.ts'
import { DATA_LIMIT, dataTooLarge } from '../preferences/data-file.ts'
import { parsePreferences } from '../preferences/dataset.ts'
import { parseGolden } from '../preferences/golden.ts'
import { parseValue, writtenValues } from '../preferences/json-values.ts'

export interface GivenModel {
  readonly kind: 'model'
  /** What model.base_model_name takes. */
  readonly path: string
  readonly family: string | null
  readonly parameters: number | null
  readonly precision: string | null
  readonly bytes: number
  /** Why the lab cannot use it, in a few words; null where it can. */
  readonly problem: Message | null
}

export interface GivenAdapter {
  readonly kind: 'adapter'
  readonly path: string
  readonly r: number
  /** The base model that it names. */
  readonly base: string | null
  /** What is odd about it, though it can be used. */
  readonly notes: readonly Message[]
}

export interface GivenData {
  readonly kind: 'golden' | 'pairs'
  readonly count: number
  /** The tasks that it names, in their order. */
  readonly tasks: readonly string[]
}

/**
 * What is at a path: a model (a folder or a GGUF file) or an adapter. One of their files stands for its folder. Reads headers alone. Throws
 * UserError where it is neither, and for an adapter that does not fit the configured model.
 */
export async function recognisePath(config: Config, given: string): Promise<GivenModel | GivenAdapter> {
  try {
    return await recogniseAt(config, projectPath(given), given)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof UserError || code === undefined) throw error
    throw new UserError('dataUnreadable', { path: given, code })
  }
}

async function recogniseAt(config: Config, path: string, given: string): Promise<GivenModel | GivenAdapter> {
  const there = statSync(path, { throwIfNoEntry: false })
  if (there === undefined) throw new UserError('givenMissing', { path: given })
  if (there.isDirectory()) return recogniseFolder(config, path)
  if (!there.isFile()) throw new UserError('givenUnknown', { path: given })
  if (isGguf(path)) return modelAt(path, describeGguf(path))
  const name = basename(path)
  if (OF_FOLDERS.test(name)) return recogniseFolder(config, dirname(path))
  if (!/\.jsonl?$/i.test(name)) throw new UserError('givenUnknown', { path: given })
  if (there.size > DATA_LIMIT) throw dataTooLarge(given, there.size)
  throw new UserError('givenDataByPath', { path: given })
}

/** Files that stand for their folder. */
const OF_FOLDERS = /^(adapter_config|config)\.json$|\.safetensors$|\.safetensors\.index\.json$/

async function recogniseFolder(config: Config, folder: string): Promise<GivenModel | GivenAdapter> {
  const names = readdirSync(folder)
  if (ADAPTER_FILES.some((name) => names.includes(name))) return adapterAt(config, folder)
  if (names.includes('config.json') || names.some((name) => name.endsWith('.safetensors')))
    return modelAt(folder, await describeFolder(folder))
  // Of a model in parts the first stands for all.
  const gguf = names.filter((name) => name.endsWith('.gguf') && !/-0*([2-9]|[1-9]\d+)-of-\d+\.gguf$/.test(name))
  if (gguf.length === 1) return recognisePath(config, join(folder, gguf[0]!))
  if (gguf.length > 1) throw new UserError('givenSeveralGguf', { path: shownPath(folder), files: gguf.slice(0, 5) })
  throw noAdapter(folder, new UserError('givenUnknown', { path: shownPath(folder) }))
}

function modelAt(path: string, { shape: _, ...description }: Awaited<ReturnType<typeof describeFolder>>): GivenModel {
  return { kind: 'model', path: shownPath(path), ...description }
}

async function adapterAt(config: Config, folder: string): Promise<GivenAdapter> {
  const file = join(folder, 'adapter_config.json')
  const text = await readOptional(file)
  if (text === undefined) throw new UserError('adapterConfigMissing', { file: shownPath(file) })
  const { r, base_model_name_or_path: base = null } = parseAdapterConfig(file, text)
  const notes: Message[] = []
  const shape = knownShape(config)
  const name = config.model.base_model_name
  const model = localFolder(name)
  // Without the model's files only a run can tell whether it fits.
  if (shape !== null && model !== null) {
    await checkAdapter(folder, shape, { base: { name, folder: model }, warn: (told) => notes.push(told) })
  }
  return { kind: 'adapter', path: shownPath(folder), r, base, notes }
}

/** What a file of data has; `file` is its name in errors. Throws UserError with its bad lines, and where it has neither samples nor pairs. */
export async function recogniseData(text: string, file: string): Promise<GivenData> {
  const [first] = writtenValues(text)
  const value = first === undefined ? undefined : parseValue(first.text)
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : []
  if (keys.includes('chosen') || keys.includes('rejected')) {
    const { pairs } = await parsePreferences(text, file)
    return { kind: 'pairs', count: pairs.length, tasks: tasksOf(pairs) }
  }
  if (keys.length > 0 && !keys.some((key) => OF_SAMPLES.includes(key))) {
    throw new UserError('givenOtherData', { file, keys: keys.slice(0, 8) })
  }
  const samples = await parseGolden(text, file)
  if (samples.length === 0) throw new UserError('givenEmptyData', { file })
  return { kind: 'golden', count: samples.length, tasks: tasksOf(samples) }
}

/** Keys of which a line of samples has one. */
const OF_SAMPLES: readonly string[] = ['prompt', 'completion', 'messages']

function tasksOf(rows: readonly { readonly task: string | null }[]): string[] {
  return [...new Set(rows.flatMap(({ task }) => task ?? []))].sort()
}
