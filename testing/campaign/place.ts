/** A place for one lab: its own home with configuration and data, and its own folder for temporary files. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export interface Place {
  readonly folder: string
  /** DPO_DRIVER_HOME: configuration, data, models, reports. */
  readonly home: string
  /** TMPDIR: what programs leave there is left behind. */
  readonly temp: string
}

/** A pipeline of seconds with every stage, two rounds, controls, and a checkpoint of every training. */
export const SETTINGS = {
  project: { name: 'lab' },
  // One thread: campaigns run several labs at the same time, and the number of threads decides the last digits.
  model: { threads: 1 },
  tasks: ['click-button', 'click-checkboxes', 'click-tab-2'],
  golden: { samples_per_task: 1, held_out_per_task: 1 },
  training: { sft: { max_steps: 12, eval_steps: 4 }, dpo: { max_steps: 12, batch_size: 2 } },
  collect: { seeds_per_task: 4, attempts: 4, temperature: 1.2 },
  validation: { num_episodes_per_task: 2 },
  evaluation: { num_episodes_per_task: 2 },
  flywheel: { rounds: 2, patience: 2 },
}

/** Makes a place in `parent`. `settings` override the small ones. */
export function makePlace(parent: string, settings: Readonly<Record<string, unknown>> = {}): Place {
  const place = emptyPlace(parent)
  // JSON is valid YAML.
  writeFileSync(join(place.home, 'config.yaml'), JSON.stringify({ ...SETTINGS, ...settings }, null, 2))
  return place
}

/** A copy of a place that no program uses. */
export function copyPlace(from: Place, parent: string): Place {
  const place = emptyPlace(parent)
  cpSync(from.home, place.home, { recursive: true })
  return place
}

function emptyPlace(parent: string): Place {
  const folder = mkdtempSync(join(parent, 'lab-'))
  const place = { folder, home: join(folder, 'home'), temp: join(folder, 'temp') }
  mkdirSync(place.home)
  mkdirSync(place.temp)
  return place
}

export function removePlace({ folder }: Place): void {
  rmSync(folder, { recursive: true, force: true })
}

/** The paths of all files in a folder, relative to it and sorted. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}
