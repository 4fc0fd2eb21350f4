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
import { type Ancestor, lineageOf } from './origin.ts'

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
  const own = store.runs.summaries().flatMap((run) => {
    const folders = adapterFolders(keptArtifacts(config, run).folder)
    const rounds = new Set(folders.flatMap(({ round }) => (round === 0 ? [] : [round]))).size
    return folders.flatMap(({ path, round }) => {
      const arm = basename(path).replace(/_adapter$/, '')
      const place = { path: shownPath(path), arm, run: run.id, round, rounds, current: false }
      return read(path, place, baseName, () => ({ lineage: lineageOf(store, run.id, arm, round), origin: null }))
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
  settleFolder(folder)
  const config = join(folder, 'adapter_config.json')
  const weights = join(folder, 'adapter_model.safetensors')
  if (!existsSync(config) && !existsSync(weights)) return []
  try {
    const text = readOptionalSync(config)
    if (text === undefined) throw new UserError('adapterConfigMissing', { file: config })
    const settings = parseAdapterConfig(config, text)
    const { size: bytes, mtimeMs: written } = statSync(weightsFile(folder))
    const { r, lora_alpha, base_model_name_or_path: base = null } = settings
    const target_modules = targetedProjections(settings)
    const other = base !== null && !sameModelName(base, baseName)
    const note = other ? message('adapterOtherName', { file: shownPath(config), trained: base, base: baseName }) : null
    const rsloraScale =
      settings.use_rslora === true ? loraScale({ r, lora_alpha, use_rslora: true, target_modules }, '') : null
    const own = { r, lora_alpha, rsloraScale, target_modules, base, note, bytes, written }
    return [{ ...place, problem: null, ...own, ...originOf(own) }]
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return [{ ...place, problem: error.messages[0] ?? message('verbatim', { text: error.message }) }]
  }
}
