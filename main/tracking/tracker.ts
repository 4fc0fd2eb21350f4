/** A place that keeps MLflow's runs: a folder in MLflow's own layout, or a tracking server. */
import { type Message, message } from '../messages/message.ts'
import { english } from '../messages/say.ts'

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

/**
 * Every call may throw any error, and may be repeated after it failed. Throws TrackingInTrash where the run or its
 * experiment is deleted in MLflow, and all but `begin` throw TrackingGone where there is no such run any more.
 */
export interface Tracker {
  /** Begins a run, or continues the one with the same key. Returns its id. */
  begin(run: TrackedRun): Promise<string>
  /**
   * Adds the values of a run whose steps rise. A value at a step that the run has already is left out: an earlier call may
   * have added it and then broken off.
   */
  log(id: string, points: readonly Point[]): Promise<void>
  /** Stores a file with a run; `name` may contain folders. */
  artifact(id: string, name: string, content: string | Uint8Array): Promise<void>
  end(id: string, ending: Ending, time: number): Promise<void>
}

/** The tag that holds a run's key. */
export const KEY_TAG = 'dpo_driver.key'

/** The place answered with an error, or not at all. */
export class TrackingError extends Error {
  override readonly name = 'TrackingError'
  readonly told: Message
  /** MLflow's error code; '' if the place is not MLflow. */
  readonly code: string
  /** Whether the same call may succeed later: the place did not answer, or it is overloaded. */
  readonly passing: boolean

  constructor(told: Message, { code = '', passing = false } = {}) {
    super(english(told))
    this.told = told
    this.code = code
    this.passing = passing
  }
}

/** A run, or its experiment, is deleted in MLflow, which keeps it until somebody restores it or removes it for good. */
export class TrackingInTrash extends TrackingError {
  constructor(what: { readonly run: string } | { readonly experiment: string }) {
    super('run' in what ? message('trackingRunDeleted', what) : message('trackingExperimentDeleted', what))
  }
}

/** The place has no such run any more. */
export class TrackingGone extends TrackingError {
  constructor() {
    super(message('trackingRunGone'))
  }
}
