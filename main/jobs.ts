/** The job that the lab is doing now. It belongs to the lab, so it goes on whether or not a window is open. */
import { createStore } from 'zustand/vanilla'
import type { Audience } from './agent/spectator.ts'
import type { Command } from './commands.ts'
import type { Config } from './config/schema.ts'
import type { Lab } from './lab.ts'
import { type Failure, failureOf, NO_FAILURE, UserError } from './messages/error.ts'
import type { LabEvent } from './pipeline/events.ts'
import type { RoundKey } from './store/keys.ts'

export interface JobRequest {
  readonly command: Command
  readonly config: Config
  /** The run to resume; null starts a new one. */
  readonly resume: number | null
  /** For a new run of `retrain`: train on the latest collection that matches this run and round. */
  readonly collection?: Partial<RoundKey> | null
}

export interface JobState {
  /** 'stopping' from the request to stop until the run has stopped. */
  readonly status: 'idle' | 'running' | 'stopping'
  /** The running job; null where there is none. */
  readonly current: CurrentJob | null
  /** How the last job of this lab ended; null before the first. */
  readonly last: EndedJob | null
}

export interface CurrentJob {
  readonly command: Command
  readonly run: number
  /** Milliseconds since 1970. */
  readonly since: number
  /** The present stage; null before the first. */
  readonly stage: { readonly name: string; readonly title: string; readonly round: number } | null
  /** The progress of the stage; null until the stage reports it. */
  readonly progress: Pick<
    Extract<LabEvent, { event: 'progress' }>,
    'done' | 'total' | 'counted' | 'rate' | 'eta'
  > | null
}

export interface EndedJob extends Failure {
  readonly command: Command
  readonly run: number
  readonly status: 'done' | 'stopped' | 'failed'
  /** Milliseconds since 1970. */
  readonly ended: number
}

interface Work {
  readonly stop: AbortController
  readonly quit: AbortController
  readonly settled: Promise<void>
}

/** Runs one job at a time, and reports its state to subscribers. */
export class Jobs {
  readonly #lab: Pick<Lab, 'run'>
  readonly #audience: Audience | undefined
  readonly #store = createStore<JobState>(() => ({ status: 'idle', current: null, last: null }))
  /** Calls a listener after every change with the new state. Returns a function that ends the subscription. */
  readonly subscribe = this.#store.subscribe
  #work: Work | undefined

  /** `audience` watches the pages that the jobs play. */
  constructor(lab: Pick<Lab, 'run'>, audience?: Audience) {
    this.#lab = lab
    this.#audience = audience
  }

  get state(): JobState {
    return this.#store.getState()
  }

  /**
   * Starts a job and returns at once. Throws UserError while another job is running, here or in another process, and
   * where there is nothing to resume.
   */
  async start({ command, config, resume, collection = null }: JobRequest): Promise<JobState> {
    const { current } = this.state
    if (current !== null) {
      throw new UserError('runAtWork', { run: current.run, command: current.command })
    }
    const stop = new AbortController()
    const quit = new AbortController()
    const begun = Promise.withResolvers<void>()
    const run = this.#lab.run(command, config, {
      resume,
      collection,
      signal: stop.signal,
      quit: quit.signal,
      audience: this.#audience,
      emit: (event) => {
        this.#store.setState(stateAfter(this.state, command, event))
        begun.resolve()
      },
    })
    const settled = run.then(
      () => this.#end(NO_FAILURE),
      (error: unknown) => {
        begun.reject(error)
        this.#end(failureOf(error))
      },
    )
    this.#work = { stop, quit, settled }
    await begun.promise
    return this.state
  }

  /** Asks the job to stop where it can be resumed without loss. Does nothing where there is no job. */
  stop(): JobState {
    if (this.state.status === 'running') this.#store.setState({ status: 'stopping' })
    this.#work?.stop.abort()
    return this.state
  }

  /** Closes the job's browser and engine. What it has not stored yet is done again when it is resumed. */
  stopNow(): JobState {
    this.stop()
    this.#work?.quit.abort()
    return this.state
  }

  /** Resolves when no job is running any more. */
  async rest(): Promise<void> {
    await this.#work?.settled
  }

  /** Called when the run has closed everything. A run that failed outside its stages has sent no end event itself. */
  #end(failure: Failure): void {
    const { current, last } = this.state
    this.#work = undefined
    if (current === null) return
    const told = last !== null && last.run === current.run && last.ended >= current.since
    const { command, run } = current
    const broken: EndedJob = { command, run, status: 'failed', ...failure, ended: Date.now() }
    this.#store.setState({ status: 'idle', current: null, last: told || failure.error === null ? last : broken })
  }
}

/** The state after an event of the run. */
function stateAfter(state: JobState, command: Command, event: LabEvent): JobState {
  if (event.event === 'run') {
    const { run } = event
    return { ...state, status: 'running', current: { command, run, since: Date.now(), stage: null, progress: null } }
  }
  const { current } = state
  if (current === null) return state
  switch (event.event) {
    case 'stage': {
      const { stage: name, title, round } = event
      return { ...state, current: { ...current, stage: { name, title, round }, progress: null } }
    }
    case 'progress': {
      const { done, total, counted, rate, eta } = event
      return { ...state, current: { ...current, progress: { done, total, counted, rate, eta } } }
    }
    case 'end': {
      const { run, status, error, messages } = event
      return { ...state, last: { command, run, status, error, messages, ended: Date.now() } }
    }
    default:
      return state
  }
}
