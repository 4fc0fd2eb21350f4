/** Reads the configuration, with the command line's options over it, and opens the lab. */
import { resolve } from 'node:path'
import type { Config } from '../../main/config/schema.ts'
import type { Lab } from '../../main/lab.ts'

export interface ConfigOptions {
  readonly config_path?: string
  readonly set?: readonly string[]
  readonly tasks?: readonly string[]
  readonly seed?: number
  readonly rounds?: number
  readonly miniwob?: string
}

/** Reads the configuration. Throws UserError for a mistake in the file or on the command line. */
export async function readConfig(options: ConfigOptions): Promise<Config> {
  const { loadConfig } = await import('../../main/config/config.ts')
  const overrides = await readOverrides(options.set)
  if (options.tasks !== undefined) {
    overrides.tasks = options.tasks.flatMap((names) => names.split(',')).filter((name) => name !== '')
    overrides['evaluation.tasks'] = null
  }
  if (options.seed !== undefined) overrides['project.seed'] = options.seed
  if (options.rounds !== undefined) overrides['flywheel.rounds'] = options.rounds
  if (options.miniwob !== undefined) overrides['environment.miniwob'] = options.miniwob
  return loadConfig(options.config_path, overrides)
}

/** The places that a command must not write over, besides those in `paths`: the configuration itself, and MLflow's records. */
export async function otherPlaces(config: Config, { config_path }: ConfigOptions): Promise<Record<string, string>> {
  const { configFile } = await import('../../main/config/config.ts')
  const { trackingFolder } = await import('../../main/tracking/follow.ts')
  const records = trackingFolder(config)
  return {
    '--config_path': resolve(configFile(config_path)),
    ...(records === null ? {} : { 'tracking.uri': records }),
  }
}

/** The values of --set by their dotted keys. Throws UserError for one that is not key=value. */
export async function readOverrides(set: readonly string[] = []): Promise<Record<string, unknown>> {
  const { parseOverride } = await import('../../main/config/config.ts')
  return Object.fromEntries(set.map(parseOverride))
}

/**
 * Opens the lab, does the work, and closes the lab, also where the work throws. The lab's code is loaded here, so that
 * --help does not wait for the libraries of model and browser.
 */
export async function withLab<Result>(
  options: ConfigOptions,
  work: (lab: Lab) => Result | Promise<Result>,
): Promise<Result> {
  const config = await readConfig(options)
  const { createLab } = await import('../../main/lab.ts')
  const lab = createLab(config)
  try {
    return await work(lab)
  } finally {
    lab.close()
  }
}
