/** A lab in its own folder, whose whole pipeline takes half a minute. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PATHS = {
  sft_data: 'golden.jsonl',
  preference_data: 'preferences.jsonl',
  sft_adapter_path: 'sft',
  dpo_adapter_path: 'dpo',
  store: 'lab.sqlite',
  reports: 'reports',
}

const SMALL = {
  tasks: ['click-button', 'click-checkboxes', 'enter-password'],
  golden: { samples_per_task: 1, held_out_per_task: 1 },
  collect: { seeds_per_task: 6, attempts: 4 },
}

/** Writes the lab's configuration and returns the file's path. `settings` override the small ones or add to them. */
export function writeSmallLab(folder: string, settings: Readonly<Record<string, unknown>>): string {
  const paths = Object.fromEntries(Object.entries(PATHS).map(([key, name]) => [key, join(folder, name)]))
  const file = join(folder, 'config.yaml')
  // JSON is valid YAML.
  writeFileSync(file, JSON.stringify({ paths, ...SMALL, ...settings }, null, 2))
  return file
}
