/** The adapters there are, each with what it was made from. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import type { Config } from '../config/schema.ts'
import { sameWeights } from '../engine/adapter-identity.ts'
import { projectPath, shownPath } from '../files/paths.ts'
import { hasAdapter, keptArtifacts } from '../pipeline/artifacts.ts'
import { finishedStage } from '../pipeline/lineage.ts'
import type { Store } from '../store/store.ts'

export interface AdapterRecord {
  /** Folder, as paths are shown. */
  readonly path: string
  /** What it was trained by: sft, dpo, or a control; for a path of the configuration what belongs there. */
  readonly arm: string
  /** The run that trained it; null for what stands at a path of the configuration. */
  readonly run: number | null
  /** 0 for SFT. */
  readonly round: number
  /** How many rounds its run has adapters of, 0 where it is of no run. */
  readonly rounds: number
  readonly r: number
  readonly lora_alpha: number
  readonly target_modules: readonly string[]
  readonly base: string | null
  /** Size of its weights. */
  readonly bytes: number
  /** When its weights were written, in milliseconds since 1970. */
  readonly written: number
  /** Whether the next stages take it: it stands at a path of the configuration. */
  readonly current: boolean
  /** What it was made from, the nearest first; empty where nobody wrote it down. */
  readonly lineage: readonly Ancestor[]
  /** The adapter of a run that this one is a copy of; null where it is none, or of a run itself. */
  readonly origin: Pick<AdapterRecord, 'path' | 'arm' | 'run' | 'round' | 'rounds'> | null
}

export interface Ancestor {
  readonly kind: 'adapter' | 'pairs' | 'golden' | 'base'
  /** Path of an adapter, file of the data, name of the base model. */
  readonly name: string
  readonly run: number | null
  readonly round: number | null
  /** Pairs or samples; null for the others. */
  readonly count: number | null
}

const peftSchema = z.looseObject({
  r: z.number(),
  lora_alpha: z.number(),
  target_modules: z.array(z.string()),
  base_model_name_or_path: z.string().nullish(),
})

/** Every adapter of the runs in the store, the latest run first, and before them those at the configuration's paths. */
export function listAdapters(store: Store, config: Config): AdapterRecord[] {
  const own = store.runs.summaries().flatMap((run) => {
    const folders = adapterFolders(keptArtifacts(config, run).folder)
    const rounds = new Set(folders.flatMap(({ round }) => (round === 0 ? [] : [round]))).size
    return folders.flatMap(({ path, round }) => {
      const arm = basename(path).replace(/_adapter$/, '')
      const lineage = lineageOf(store, run.id, arm, round)
      return read(path, { arm, run: run.id, round, rounds, current: false, lineage, origin: null })
    })
  })
  const exported = [
    { arm: 'sft', folder: projectPath(config.paths.sft_adapter_path), round: 0 },
    { arm: 'dpo', folder: projectPath(config.paths.dpo_adapter_path), round: 1 },
  ].flatMap(({ arm, folder, round }) =>
    read(folder, { arm, run: null, round, rounds: 0, current: true, lineage: [], origin: null }).map((copy) => {
      const origin = own.find((one) => one.bytes === copy.bytes && sameWeights(projectPath(one.path), folder)) ?? null
      return { ...copy, origin, lineage: origin?.lineage ?? [] }
    }),
  )
  return [...exported, ...own]
}

/** The adapters in the folder of a run. */
function adapterFolders(folder: string): { path: string; round: number }[] {
  const within = (parent: string, round: number) =>
    existsSync(parent)
      ? readdirSync(parent)
          .filter((name) => name.endsWith('_adapter'))
          .map((name) => ({ path: join(parent, name), round }))
      : []
  const rounds = existsSync(folder) ? readdirSync(folder).flatMap((name) => /^round-(\d+)$/.exec(name)?.[1] ?? []) : []
  return [...within(folder, 0), ...rounds.map(Number).flatMap((round) => within(join(folder, `round-${round}`), round))]
}

function read(
  folder: string,
  known: Pick<AdapterRecord, 'arm' | 'run' | 'round' | 'rounds' | 'current' | 'lineage' | 'origin'>,
): AdapterRecord[] {
  const weights = join(folder, 'adapter_model.safetensors')
  if (!hasAdapter(folder) || !existsSync(weights)) return []
  const peft = peftSchema.safeParse(readJson(join(folder, 'adapter_config.json')))
  if (!peft.success) return []
  const { r, lora_alpha, target_modules, base_model_name_or_path } = peft.data
  const { size, mtimeMs } = statSync(weights)
  const base = base_model_name_or_path ?? null
  const path = shownPath(folder)
  return [{ path, r, lora_alpha, target_modules, base, bytes: size, written: mtimeMs, ...known }]
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

const sftResult = z.object({ examples: z.int() })
const dpoResult = z.object({ pairs: z.int(), reference: z.string() })

/** What an adapter of a run was made from, as far as its stages wrote it down. */
function lineageOf(store: Store, run: number, arm: string, round: number): Ancestor[] {
  const { config } = store.runs.get(run)
  const base: Ancestor = { kind: 'base', name: config.model.base_model_name, run: null, round: null, count: null }
  const sft = sftResult.safeParse(finishedStage(store, run, 'sft')[0]?.result)
  const golden: Ancestor = {
    kind: 'golden',
    name: config.paths.sft_data,
    run: null,
    round: null,
    count: sft.success ? sft.data.examples : null,
  }
  if (arm === 'sft') return [golden, base]
  const stage = store.stages.of(run).find((record) => record.stage === 'dpo' && record.round === round)
  const parsed = dpoResult.safeParse(stage?.result)
  const collection = finishedStage(store, run, 'collect').find((record) => record.round === round)
  const pairs: Ancestor = {
    kind: 'pairs',
    name: config.paths.preference_data,
    run: collection?.run ?? null,
    round,
    count: parsed.success ? parsed.data.pairs : null,
  }
  const reference: Ancestor[] = parsed.success
    ? [{ kind: 'adapter', name: parsed.data.reference, run: null, round: round - 1, count: null }]
    : []
  return [...(arm === 'replay' ? [] : [pairs]), ...reference, golden, base]
}
