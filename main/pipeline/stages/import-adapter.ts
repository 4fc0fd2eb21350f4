/**
 * Stage 3 for an adapter that was trained elsewhere: checks that it comes from an export of this lab, and takes it as the DPO
 * policy of the round. Nothing of its folder is read but three files by name; weights come from safetensors alone.
 */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { loadAdapter, saveAdapter } from '../../engine/adapter/adapter.ts'
import { fingerprintOf, sameBase } from '../../engine/adapter/base-identity.ts'
import { parseJsonFile, readOptional } from '../../engine/checkpoint/model-file.ts'
import { readModelConfig } from '../../engine/checkpoint/model-files.ts'
import { findModel } from '../../engine/load.ts'
import { projectPath, shownPath } from '../../files/paths.ts'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
import type { Run } from '../../store/runs.ts'
import type { Store } from '../../store/store.ts'
import { exportAdapter, hasAdapter } from '../artifacts.ts'
import { loraShape, RECORD_FILE, recordSchema, type TrainingRecord } from '../elsewhere.ts'
import type { Stage, StageContext } from '../stage.ts'
import { dpo } from './dpo.ts'

/** Most bytes of a training's record. One of 100,000 steps has a quarter of that. */
const MOST_BYTES = 2 ** 27

/** The adapter that train.py wrote. */
export interface Trained {
  readonly folder: string
  readonly record: TrainingRecord
  /** The run that collected its pairs. */
  readonly origin: Run
}

/**
 * Finds what train.py wrote in a folder, or in `trained` within an export. Throws UserError where it wrote nothing there,
 * and where the run that was exported is not in this store.
 */
export async function readTrained(store: Store, path: string): Promise<Trained> {
  const named = shownPath(path)
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UserError('importNotAFolder', { path: named })
  }
  const folder = [path, join(path, 'trained')].find((one) => existsSync(join(one, RECORD_FILE)))
  if (folder === undefined) throw new UserError('importNoRecord', { folder: named })
  const file = join(folder, RECORD_FILE)
  if (statSync(file).size > MOST_BYTES) throw new UserError('importRecordTooLarge', { file: shownPath(file) })
  const text = await readOptional(file)
  if (text === undefined) throw new UserError('importNoRecord', { folder: named })
  const record = parseJsonFile(file, text, recordSchema, message('importCopyAgain'))
  const { run, round, started } = record.lab
  if (store.runs.find(run)?.started !== started) {
    throw new UserError('importOtherLab', { folder: named, run, round })
  }
  return { folder, record, origin: store.runs.get(run) }
}

/** The stage for the adapter in a folder; null for a run that has taken its adapter before it was stopped. */
export function importAdapter(path: string | null): Stage<ReturnType<typeof dpo.result.parse>> {
  return {
    ...dpo,
    title: message('titleImport'),
    async run(context) {
      if (path === null) throw new UserError('importNeedsFolder')
      const { folder, record } = await readTrained(context.store, path)
      const { lab, processes, steps, log, libraries } = record
      const { collection, config, artifacts, round } = context
      if (collection?.run !== lab.run || collection.round !== lab.round) {
        throw new UserError('importOtherRound', { folder: shownPath(path), run: lab.run, round: lab.round })
      }
      const own = artifacts.adapter('dpo', round)
      if (!hasAdapter(own)) await take(context, folder, own, record)
      for (const { step = 0, ...figures } of log) {
        if (Number.isInteger(step) && step > 0 && step <= steps) context.metrics('dpo', step, figures)
      }
      if (record.arguments.length > 0) context.say('importArguments', { arguments: record.arguments.join(' ') })
      await exportAdapter(own, projectPath(config.paths.dpo_adapter_path))
      context.say('importDone', { path: shownPath(config.paths.dpo_adapter_path) })
      const program = `TRL ${libraries.trl ?? '?'}, PEFT ${libraries.peft ?? '?'}`
      const elsewhere = `${steps} steps with ${program} on ${processes} processes`
      return { pairs: lab.pairs, reference: lab.reference, arms: ['dpo'], truncations: [], elsewhere }
    },
  }
}

/** Checks the adapter against the export that it names, and saves it as this run's. */
async function take(context: StageContext, folder: string, own: string, { lab }: TrainingRecord): Promise<void> {
  const { base_model_name: name } = context.config.model
  const base = { name, folder: await findModel(name) }
  const fingerprint = await fingerprintOf(base)
  const shown = shownPath(folder)
  if (sameBase(fingerprint, lab.base.fingerprint) !== true) {
    throw new UserError('importOtherBase', { folder: shown, trained: lab.base.name, base: name })
  }
  if (!existsSync(join(folder, 'adapter_config.json')) && existsSync(join(folder, 'config.json'))) {
    throw new UserError('importWholeModel', { folder: shown })
  }
  const { lora, tensors } = await loadAdapter(folder, readModelConfig(base.folder), { base, warn: context.tell })
  if (!isDeepStrictEqual(loraShape(lora), lab.lora)) throw new UserError('importOtherLora', { folder: shown })
  await saveAdapter(own, lora, tensors, name, { fingerprint, prompt: lab.prompt })
}
