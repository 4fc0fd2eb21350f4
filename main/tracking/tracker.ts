/** A place that keeps MLflow's runs: a folder in MLflow's own layout, or a tracking server. */

/** A run as MLflow knows it: a training, or an evaluation. */
export interface TrackedRun {
  /** Identifies the run: `begin` finds an existing run by it. */
  readonly key: string
  readonly experiment: string
  readonly name: string
  /** Milliseconds since 1970. */
  readonly started: number
  readonly params: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

/** One value of a metric. */
export interface Point {
  readonly name: string
  readonly value: number
  readonly step: number
  /** Milliseconds since 1970. */
  readonly time: number
}

/** How a run ended, in MLflow's terms. */
export type Ending = 'FINISHED' | 'FAILED' | 'KILLED'

/** Every call may throw any error, and may be repeated after it failed. */
export interface Tracker {
  /** Begins a run, or continues the one with the same key. Returns its id. */
  begin(run: TrackedRun): Promise<string>
  log(id: string, points: readonly Point[]): Promise<void>
  /** Stores a file with a run; `name` may contain folders. */
  artifact(id: string, name: string, content: string | Uint8Array): Promise<void>
  end(id: string, ending: Ending, time: number): Promise<void>
}

/** The tag that holds a run's key. */
export const KEY_TAG = 'dpo_driver.key'
