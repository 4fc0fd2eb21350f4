/** The lab: one store, one configuration, and the commands that work on them. What every way in starts. */
import { isDeepStrictEqual } from 'node:util'
import { UserError } from './config/error.ts'
import { projectPath } from './config/paths.ts'
import type { Config } from './config/schema.ts'
import { lastReport, runArtifacts } from './pipeline/artifacts.ts'
import { collect } from './pipeline/collect.ts'
import { dpo } from './pipeline/dpo.ts'
import { evaluate } from './pipeline/evaluate.ts'
import type { Emit } from './pipeline/events.ts'
import { turnFlywheel } from './pipeline/flywheel.ts'
import { golden } from './pipeline/golden.ts'
import { openResources } from './pipeline/resources.ts'
import { type Runner, runStages } from './pipeline/runner.ts'
import { sft } from './pipeline/sft.ts'
import { verify } from './pipeline/verify.ts'
import { lockStore } from './store/lock.ts'
import { type Run, Store } from './store/store.ts'

/** What a run can be asked to do. A stage alone takes what earlier runs left at the configuration's paths. */
const COMMANDS = {
  verify: (runner: Runner) => runner.perform(verify, 0),
  golden: (runner: Runner) => runner.perform(golden, 0),
  sft: async (runner: Runner) => {
    await runner.perform(golden, 0)
    return runner.perform(sft, 0)
  },
  collect: (runner: Runner) => runner.perform(collect, 1),
  dpo: (runner: Runner) => runner.perform(dpo, 1),
  evaluate: (runner: Runner) => runner.perform(evaluate, 1),
  pipeline: turnFlywheel,
} satisfies Record<string, (runner: Runner) => Promise<unknown>>
export type Command = keyof typeof COMMANDS

export interface RunOptions {
  /** Go on with the latest run of this command, with the configuration it began with. */
  readonly resume: boolean
  readonly signal: AbortSignal
  readonly emit: Emit
}

export interface Finished {
  readonly run: number
  /** The folder with what the run made. */
  readonly folder: string
}

export interface Lab {
  readonly store: Store
  /** Runs a command to its end. Throws what the stage threw; the run can then be resumed. */
  run(command: Command, options: RunOptions): Promise<Finished>
  close(): void
}

/** Opens the store of a configuration. Throws UserError where it cannot be opened. */
export function createLab(config: Config): Lab {
  const store = new Store(projectPath(config.paths.store))
  return {
    store,
    run: (command, options) => runCommand(store, config, command, options),
    close: () => store.close(),
  }
}

async function runCommand(store: Store, config: Config, command: Command, options: RunOptions): Promise<Finished> {
  const { signal, emit, resume } = options
  const unlock = lockStore(store.path)
  try {
    const run = resume ? unfinishedRun(store, command) : beginRun(store, command, config)
    emit({ event: 'run', run: run.id, name: run.name, command, resumed: resume })
    const say = (text: string) => emit({ event: 'message', stage: '', round: 0, text })
    if (!isDeepStrictEqual(run.config, config)) {
      say('The configuration has changed since this run began; it goes on with the one it began with.')
    }
    const resources = openResources(run.config, say, signal)
    try {
      await runStages<unknown>({ store, run, resources, signal, emit }, COMMANDS[command])
    } finally {
      await resources.close()
    }
    return { run: run.id, folder: runArtifacts(run.config, run).folder }
  } finally {
    unlock()
  }
}

function beginRun(store: Store, command: Command, config: Config): Pick<Run, 'id' | 'name' | 'config'> {
  const { name } = config.project
  return { id: store.createRun(name, command, config, lastReport(config)), name, config }
}

function unfinishedRun(store: Store, command: Command): Run {
  const run = store.runs().find((one) => one.command === command)
  if (run !== undefined && run.status !== 'done') return run
  const why = run === undefined ? 'has not run yet' : `of run ${run.id} came to its end`
  throw new UserError(`There is nothing to resume: ${command} ${why}; leave out --resume to begin anew.`)
}
