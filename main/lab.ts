/** The lab: one store, and the commands that work on it. Terminal, browser and desktop app all use it. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Command, Finished, RunOptions } from './commands.ts'
import type { Config } from './config/schema.ts'
import type { BrowserHost } from './environment/browser.ts'
import { projectPath } from './files/paths.ts'
import { UserError } from './messages/error.ts'
import { runArtifacts } from './pipeline/artifacts.ts'
import { isAtWork, isFolderOf, lockFolder, removeFolder } from './pipeline/run-folder.ts'
import { lockStore } from './store/lock.ts'
import type { RunRecord } from './store/runs.ts'
import { Store } from './store/store.ts'

/** Counters of changes in this lab. Whoever shows its content fetches it again when one grows. */
export interface Changes {
  /** Counts what runs have stored: log lines and metrics. */
  readonly kept: number
  /** Counts what people have changed in stored runs: corrections, imports, deletions. */
  readonly edited: number
  /** Counts what windows have changed in the settings. */
  readonly configured: number
}

export interface Lab {
  /** The configuration that it was opened with. */
  readonly config: Config
  readonly store: Store
  readonly changes: Pick<StoreApi<Changes>, 'getState' | 'subscribe'>
  /** Counts one more change by a person. */
  tellEdited(): void
  /** Counts one more change of the settings. */
  tellConfigured(): void
  /** Runs a command to its end. Throws the stage's error; the run can then be resumed. */
  run(command: Command, config: Config, options: RunOptions): Promise<Finished>
  /** Marks runs as deleted. Throws UserError, and marks none, where there is no such run, or one is at work in any process. */
  hide(runs: readonly number[]): void
  /**
   * Deletes for good the runs that are marked as deleted, with their folders in this lab's reports. Those whose pairs an
   * unfinished run trains on stay until that is done. Does nothing while another command holds the store.
   */
  purge(): void
  /** Does what a killed command left to do, where nothing is left to run. Does nothing while another command works. */
  tidyUp(): Promise<void>
  /**
   * Deletes runs for good, with what the lab wrote into their folders in this lab's reports. Throws UserError, and deletes none, where there is
   * no such run, another unfinished run trains on the pairs of one, or another command holds the store.
   */
  forget(runs: readonly number[]): void
  close(): void
}

/**
 * Opens the store that a configuration names. `host` opens the pages of tasks; by default headless Chromium. Throws
 * UserError where the store cannot be opened.
 */
export function createLab(config: Config, host?: () => BrowserHost): Lab {
  const store = new Store(projectPath(config.paths.store))
  const changes = createStore<Changes>(() => ({ kept: 0, edited: 0, configured: 0 }))
  const count = (what: keyof Changes) => changes.setState((before) => ({ [what]: before[what] + 1 }))
  return {
    config,
    store,
    changes,
    tellEdited: () => count('edited'),
    tellConfigured: () => count('configured'),
    async run(command, settings, options) {
      // Loaded only when needed: the stages need half of all modules.
      const { runCommand } = await import('./commands.ts')
      return runCommand({ store, onKept: () => count('kept') }, settings, command, { ...options, host })
    },
    hide: (runs) => hide(store, runs),
    purge: () => purge(store, config),
    async tidyUp() {
      const { tidyUp } = await import('./commands.ts')
      await tidyUp(store, config).catch(passOver)
    },
    forget: (runs) => forgetAll(store, config, runs),
    close: () => store.close(),
  }
}

function hide(store: Store, ids: readonly number[]): void {
  store.transaction(() => {
    const runs = new Map(store.runs.summaries().map((run) => [run.id, run]))
    for (const id of ids) {
      const run = runs.get(id)
      if (run === undefined) throw new UserError('runGone', { run: id })
      if (isAtWork(run)) throw new UserError('stopBeforeDeleting', { run: id })
      store.runs.setDeleted(id, true)
    }
  })
}

function purge(store: Store, config: Config): void {
  try {
    const unlock = lockStore(store.path)
    try {
      for (const run of store.runs.deleted(Date.now())) {
        if (store.runs.trainersOn(run.id).length === 0) forget(store, config, run)
      }
    } finally {
      unlock()
    }
  } catch (error) {
    passOver(error)
  }
}

/** Another program uses the store, or the disk is read-only: the next start tries again. Throws everything else. */
function passOver(error: unknown): void {
  if (!(error instanceof UserError)) throw error
}

function forgetAll(store: Store, config: Config, ids: readonly number[]): void {
  const unlock = lockStore(store.path)
  try {
    // Checked under the lock. Otherwise another command could delete a run, or train on it, in between.
    const hidden = store.runs.deleted(Date.now() + 1)
    const runs = ids.map((id) => {
      const run = store.runs.find(id) ?? hidden.find((one) => one.id === id)
      if (run === undefined) throw new UserError('noRun', { run: id })
      const trainer = store.runs.trainersOn(id).find((other) => !ids.includes(other))
      if (trainer !== undefined) throw new UserError('collectionInUse', { run: id, trainer })
      return run
    })
    for (const run of runs) forget(store, config, run)
  } finally {
    unlock()
  }
}

/** If it is killed, or the disk refuses, the run stays hidden and can be deleted again. */
function forget(store: Store, config: Config, run: RunRecord): void {
  store.runs.setDeleted(run.id, true)
  // Not the folder that the run wrote to: in a copy of the store, that folder belongs to another lab.
  const { folder } = runArtifacts(config, run)
  if (existsSync(dirname(folder)) && isFolderOf(store, run, folder)) {
    const leave = lockFolder(folder)
    try {
      removeFolder(folder)
    } finally {
      leave()
    }
  }
  store.runs.purge(run.id)
  store.checkpoints.removeLost()
}
