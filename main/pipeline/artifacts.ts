/**
 * The places of a run's files. A run copies its results to the paths of the configuration, where later runs find them.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { ADAPTER_FILES, noAdapter } from '../engine/adapter/adapter.ts'
import { writeFileAtomic } from '../files/file.ts'
import { replaceFiles, settleFolder } from '../files/folder.ts'
import { projectPath, shownPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import type { RoundKey } from '../store/keys.ts'
import type { RunSummary } from '../store/runs.ts'
import type { Store } from '../store/store.ts'

export interface Artifacts {
  /** The run's own folder, with its report. */
  readonly folder: string
  /** The folder for an adapter of this run. 'sft' has no rounds; its round is 0. */
  adapter(arm: string, round: number): string
}

/** What decides where a stage finds its inputs. */
interface Inputs {
  readonly config: Config
  readonly store: Store
  readonly artifacts: Artifacts
  /** The earlier collection that the run trains on; null where it uses its own, or the latest. */
  readonly collection: RoundKey | null
}

export function runArtifacts(config: Config, run: Pick<RunSummary, 'id' | 'name'>): Artifacts {
  return artifactsIn(config.paths.reports, run)
}

/** The files of a run in a folder of reports. */
export function artifactsIn(reports: string, run: Pick<RunSummary, 'id' | 'name'>): Artifacts {
  const folder = join(projectPath(reports), `${run.name}-${run.id}`)
  const inRound = (round: number, name: string) => join(folder, ...(round === 0 ? [] : [`round-${round}`]), name)
  return {
    folder,
    adapter: (arm, round) => inRound(round, `${arm}_adapter`),
  }
}

/**
 * The files of a stored run: in the report folder of the present configuration, so that a lab can be copied or moved
 * with its store; otherwise where the run wrote them.
 */
export function keptArtifacts(present: Config, run: Pick<RunSummary, 'id' | 'name' | 'reports'>): Artifacts {
  const here = runArtifacts(present, run)
  return existsSync(here.folder) ? here : artifactsIn(run.reports, run)
}

/** Whether a folder has a complete adapter. */
export function hasAdapter(folder: string): boolean {
  settleFolder(folder)
  return existsSync(join(folder, 'adapter_config.json'))
}

/** The first of these folders that has an adapter. Throws UserError with the command that makes one where none has. */
export function firstAdapter(folders: readonly string[], command: string): string {
  const found = folders.find(hasAdapter)
  if (found !== undefined) return found
  const last = folders.at(-1) ?? ''
  throw noAdapter(last, new UserError('adapterMissing', { path: shownPath(last), command }))
}

/**
 * The adapter of the policy after `round` rounds; after 0 rounds that of SFT. It is the run's own. Where the run made
 * none, it is that of the run whose collection it trains on, or, for a stage that is run alone, the one at the
 * configuration's path.
 */
export function policyFolder(context: Inputs, round: number): string {
  const { artifacts, config } = context
  const arm = round === 0 ? 'sft' : 'dpo'
  const path = round === 0 ? config.paths.sft_adapter_path : config.paths.dpo_adapter_path
  const made = [artifacts, ...collectorArtifacts(context)].map((own) => own.adapter(arm, round))
  return firstAdapter([...made, projectPath(path)], arm)
}

/** The files of the run whose collection this run trains on; empty where there is none. */
export function collectorArtifacts({ config, store, collection }: Omit<Inputs, 'artifacts'>): Artifacts[] {
  return collection === null ? [] : [keptArtifacts(config, store.runs.get(collection.run))]
}

/** Copies a finished adapter to the configuration's path, in place of an older one. Other files there stay. */
export async function exportAdapter(from: string, to: string): Promise<void> {
  await replaceFiles(to, (folder) => {
    for (const name of ADAPTER_FILES) writeFileAtomic(join(folder, name), readFileSync(join(from, name)))
  })
}
