/** Lists the adapters: those that the next stages read, and those of every run. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { sameModelName } from '../engine/adapter/base-identity.ts'
import { parseAdapterConfig, targetedProjections } from '../engine/adapter/config.ts'
import { sameWeights, weightsFile } from '../engine/adapter/identity.ts'
import { readOptionalSync } from '../engine/checkpoint/model-file.ts'
import { loraScale } from '../engine/weights.ts'
import { settleFolder } from '../files/folder.ts'
import { projectPath, shownPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { type Message, message } from '../messages/message.ts'
import { keptArtifacts } from '../pipeline/artifacts.ts'
import type { Store } from '../store/store.ts'
import { type Ancestor, lineages } from './origin.ts'

/** Identifies an adapter, whether or not it can be read. */
export interface AdapterPlace {
  /** The folder, in the form that paths are shown. */
  readonly path: string
  /** The arm that trained it: sft, dpo, or a control. At a path of the configuration: the arm that belongs there. */
  readonly arm: string
  /** The run that trained it; null at a path of the configuration. */
  readonly run: number | null
  /** 0 for SFT. */
  readonly round: number
  /** The number of rounds in which its run trained adapters; 0 where it belongs to no run. */
  readonly rounds: number
  /** Whether the next stages read it, because it is at a path of the configuration. */
  readonly current: boolean
}

export interface AdapterRecord extends AdapterPlace {
  readonly problem: null
  readonly r: number
  readonly lora_alpha: number
  /** The factor of B A with use_rslora: alpha / sqrt(r). null without it, where it is alpha / r. */
  readonly rsloraScale: number | null
  readonly target_modules: readonly string[]
  /** The layers that have these, by number; null for all. */
  readonly layers_to_transform: readonly number[] | null
  readonly base: string | null
  /** Tells that the adapter names another base model than the configuration's; null where it does not. */
  readonly note: Message | null
  /** Size of its weights. */
  readonly bytes: number
  /** When its weights were written, in milliseconds since 1970. */
  readonly written: number
  /** Its ancestors, the nearest first; empty where they are unknown. */
  readonly lineage: readonly Ancestor[]
  /** The run's adapter that this one is a copy of; null where that is unknown, or this one belongs to a run. */
  readonly origin: Pick<AdapterRecord, 'path' | 'arm' | 'run' | 'round' | 'rounds'> | null
}

/** An adapter that cannot be read. */
export interface BrokenAdapter extends AdapterPlace {
  /** What is wrong with its files, and what to do. */
  readonly problem: Message
}

/** First the adapters at the configuration's paths, then those of all runs in the store, the latest run first. */
export function listAdapters(store: Store, config: Config): (AdapterRecord | BrokenAdapter)[] {
  const { base_model_name: baseName } = config.model
  const lineageOf = lineages(store)
  const own = store.runs.summaries().flatMap((run) => {
    const folders = adapterFolders(keptArtifacts(config, run).folder)
    const rounds = new Set(folders.flatMap(({ round }) => (round === 0 ? [] : [round]))).size
    return folders.flatMap(({ path, round }) => {
      const arm = basename(path).replace(/_adapter$/, '')
      const place = { path: shownPath(path), arm, run: run.id, round, rounds, current: false }
      return read(path, place, baseName, () => ({ lineage: lineageOf(run.id, arm, round), origin: null }))
    })
  })
  const exported = [
    { arm: 'sft', folder: projectPath(config.paths.sft_adapter_path), round: 0 },
    { arm: 'dpo', folder: projectPath(config.paths.dpo_adapter_path), round: 1 },
  ].flatMap(({ arm, folder, round }) =>
    read(
      folder,
      { path: shownPath(folder), arm, run: null, round, rounds: 0, current: true },
      baseName,
      ({ bytes, r, lora_alpha }) => {
        // The same weights with another scale are another adapter.
        const origin = own
          .filter((one) => one.problem === null)
          .filter((one) => one.bytes === bytes && one.r === r && one.lora_alpha === lora_alpha)
          .find((one) => sameWeights(projectPath(one.path), folder))
        return { lineage: origin?.lineage ?? [], origin: origin ?? null }
      },
    ),
  )
  return [...exported, ...own]
}

/** The adapters in the folder of a run. */
function adapterFolders(folder: string): { path: string; round: number }[] {
  const within = (parent: string, round: number) =>
    namesIn(parent)
      .filter((name) => name.endsWith('_adapter'))
      .map((name) => ({ path: join(parent, name), round }))
  const rounds = namesIn(folder).flatMap((name) => /^round-(\d+)$/.exec(name)?.[1] ?? [])
  return [...within(folder, 0), ...rounds.map(Number).flatMap((round) => within(join(folder, `round-${round}`), round))]
}

function namesIn(folder: string): string[] {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder) : []
}

/** The adapter in a folder, as a list; empty where the folder has neither of its files. */
function read(
  folder: string,
  place: AdapterPlace,
  baseName: string,
  originOf: (own: Pick<AdapterRecord, 'bytes' | 'r' | 'lora_alpha'>) => Pick<AdapterRecord, 'lineage' | 'origin'>,
): (AdapterRecord | BrokenAdapter)[] {
  try {
    const files = filesIn(folder)
    if (files === undefined) return []
    const { base } = files
    const other = base !== null && !sameModelName(base, baseName)
    const file = shownPath(join(folder, CONFIG))
    const note = other ? message('adapterOtherName', { file, trained: base, base: baseName }) : null
    return [{ ...place, problem: null, ...files, note, ...originOf(files) }]
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return [{ ...place, problem: error.messages[0] ?? message('verbatim', { text: error.message }) }]
  }
}

const CONFIG = 'adapter_config.json'
const WEIGHTS = 'adapter_model.safetensors'

type Settings = Pick<
  AdapterRecord,
  'r' | 'lora_alpha' | 'rsloraScale' | 'target_modules' | 'layers_to_transform' | 'base'
>
type Files = Settings & Pick<AdapterRecord, 'bytes' | 'written'>

/** What was read of adapters, by folder, and the stamp of the files as they were then. */
const known = new Map<string, { readonly stamp: string; readonly files: Files }>()
/** What configurations say, by their text: most adapters of a lab have the same. */
const settingsByText = new Map<string, Settings>()

/**
 * What the files of an adapter say; undefined where the folder has neither of them. They are read again only where they have
 * changed: a lab of a thousand runs has thousands of adapters.
 */
function filesIn(folder: string): Files | undefined {
  const before = known.get(folder)
  if (before !== undefined && before.stamp === stampOf(folder)) return before.files
  settleFolder(folder)
  const [config, weights] = [join(folder, CONFIG), join(folder, WEIGHTS)]
  if (!existsSync(config) && !existsSync(weights)) return undefined
  const stamp = stampOf(folder)
  const text = readOptionalSync(config)
  if (text === undefined) throw new UserError('adapterConfigMissing', { file: config })
  const settings = settingsByText.get(text) ?? settingsIn(config, text)
  settingsByText.set(text, settings)
  const { size: bytes, mtimeMs: written } = statSync(weightsFile(folder))
  const files = { ...settings, bytes, written }
  known.set(folder, { stamp, files })
  return files
}

function settingsIn(file: string, text: string): Settings {
  const settings = parseAdapterConfig(file, text)
  const {
    r,
    lora_alpha,
    use_rslora,
    layers_to_transform: layers = null,
    base_model_name_or_path: base = null,
  } = settings
  const target_modules = targetedProjections(settings)
  const rsloraScale = use_rslora === true ? loraScale({ r, lora_alpha, use_rslora, target_modules }, '') : null
  const layers_to_transform = typeof layers === 'number' ? [layers] : layers
  return { r, lora_alpha, rsloraScale, target_modules, layers_to_transform, base }
}

/** Changes with every file that is written into the folder, and with its configuration and weights. */
function stampOf(folder: string): string {
  return [folder, join(folder, CONFIG), join(folder, WEIGHTS)]
    .map((path) => {
      const { mtimeMs, ctimeMs, size } = statSync(path, { throwIfNoEntry: false }) ?? {}
      return `${mtimeMs} ${ctimeMs} ${size}`
    })
    .join()
}
