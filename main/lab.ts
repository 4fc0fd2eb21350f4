/** The lab: one store, and the commands that work on it. Terminal, browser and desktop app all start it. */
import { rmSync } from 'node:fs'
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Command, Finished, RunOptions } from './commands.ts'
import type { Config } from './config/schema.ts'
import type { BrowserHost } from './environment/browser.ts'
import { projectPath } from './files/paths.ts'
import { UserError } from './messages/error.ts'
import { runArtifacts } from './pipeline/artifacts.ts'
import { isLocked, lockStore } from './store/lock.ts'
import type { RunRecord } from './store/runs.ts'
import { Store } from './store/store.ts'

/** Counts of what has happened in this lab: whoever shows what it holds looks again when one grows. */
export interface Changes {
  /** Events that runs have kept: lines of the log, metrics. */
  readonly kept: number
  /** What people have changed of what runs left: corrections, imports, deletions. */
  readonly edited: number
}

export interface Lab {
  /** What it was opened with. */
  readonly config: Config
  readonly store: Store
  readonly changes: Pick<StoreApi<Changes>, 'getState' | 'subscribe'>
  /** Says that somebody has changed what runs left. */
  tellEdited(): void
  /** Runs a command to its end. Throws what the stage threw; the run can then be resumed. */
  run(command: Command, config: Config, options: RunOptions): Promise<Finished>
  /**
   * Forgets the runs that were deleted before, with their folders in this lab's reports. Nothing while another command
   * holds the store.
   */
  purge(): void
  /**
   * Forgets one run, with its folder in this lab's reports. Throws UserError where there is none, or another command
   * holds the store.
   */
  forget(run: number): void
  close(): void
}

/**
 * Opens the store of a configuration. `host` opens the pages of tasks, headless Chromium by default. Throws UserError
 * where the store cannot be opened.
 */
export function createLab(config: Config, host?: () => BrowserHost): Lab {
  const store = new Store(projectPath(config.paths.store))
  const changes = createStore<Changes>(() => ({ kept: 0, edited: 0 }))
  const count = (what: keyof Changes) => changes.setState((before) => ({ [what]: before[what] + 1 }))
  return {
    config,
    store,
    changes,
    tellEdited: () => count('edited'),
    async run(command, settings, options) {
      // Not before somebody wants it: the stages need half of all modules.
      const { runCommand } = await import('./commands.ts')
      return runCommand({ store, onKept: () => count('kept') }, settings, command, { ...options, host })
    },
    purge: () => purge(store, config),
    forget: (run) => forgetOne(store, config, run),
    close: () => store.close(),
  }
}

function purge(store: Store, config: Config): void {
  if (isLocked(store.path)) return
  for (const run of store.runs.deleted(Date.now())) forget(store, config, run)
}

function forgetOne(store: Store, config: Config, id: number): void {
  const unlock = lockStore(store.path)
  try {
    // Looked for behind the lock: before it, another command could take the run away in between.
    const run = store.runs.find(id)
    if (run === undefined) throw new UserError('noRun', { run: id })
    forget(store, config, run)
  } finally {
    unlock()
  }
}

function forget(store: Store, config: Config, run: RunRecord): void {
  // Not the folder that the run wrote to: where the store is a copy, that folder belongs to another lab.
  rmSync(runArtifacts(config, run).folder, { recursive: true, force: true })
  store.runs.purge(run.id)
}
