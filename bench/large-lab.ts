/**
 * Makes a lab with a long history: it runs one small pipeline and copies its results again and again, each time with new
 * seeds.
 */
import { linkSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { loadConfig } from '../main/config/config.ts'
import type { Config } from '../main/config/schema.ts'
import { projectPath } from '../main/files/paths.ts'
import { createLab } from '../main/lab.ts'
import { runArtifacts } from '../main/pipeline/artifacts.ts'
import { type LabSize, multiply } from '../testing/large-store.ts'
import { writeSmallLab } from '../testing/small-lab.ts'

export interface LargeLab {
  /** The lab's configuration file. */
  readonly configFile: string
  readonly config: Config
  /** The id of the last run, which has the pairs and the long training. */
  readonly run: number
}

/** Makes the lab in an empty folder. This takes as long as a small pipeline, and a minute or two more for a large size. */
export async function makeLargeLab(folder: string, size: LabSize): Promise<LargeLab> {
  const configFile = writeSmallLab(folder, {
    environment: { pictures: true },
    tasks: ['click-button', 'click-checkboxes', 'click-tab', 'enter-password', 'login-user'],
    training: { sft: { max_steps: 16, eval_steps: 8 }, dpo: { max_steps: 40, batch_size: 8 } },
    evaluation: { num_episodes_per_task: 2 },
  })
  const config = loadConfig(configFile)
  const lab = createLab(config)
  let recorded: number
  try {
    const options = { resume: null, signal: new AbortController().signal, emit: () => {} }
    recorded = (await lab.run('pipeline', config, options)).run
  } finally {
    lab.close()
  }
  const run = multiply(projectPath(config.paths.store), recorded, size)
  for (let copy = recorded + 1; copy <= run; copy++) linkAdapters(config, recorded, copy)
  return { configFile, config, run }
}

/** The lab that `makeLargeLab` made in a folder. */
export function openLargeLab(folder: string): LargeLab {
  const configFile = join(folder, 'config.yaml')
  const config = loadConfig(configFile)
  const lab = createLab(config)
  try {
    return { configFile, config, run: lab.store.runs.highest() }
  } finally {
    lab.close()
  }
}

/** Gives a copied run the adapters of the recorded one, as further names of the same files. */
function linkAdapters(config: Config, recorded: number, copy: number): void {
  const { name } = config.project
  const [from, to] = [recorded, copy].map((id) => runArtifacts(config, { id, name }).folder) as [string, string]
  for (const file of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    if (!dirname(file).endsWith('_adapter')) continue
    mkdirSync(dirname(join(to, file)), { recursive: true })
    linkSync(join(from, file), join(to, file))
  }
}
