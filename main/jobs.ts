/** The job that the lab is doing now. It belongs to the lab, so it goes on whether or not a window is open. */
import { createStore } from 'zustand/vanilla'
import type { Audience } from './agent/spectator.ts'
import type { Command } from './commands.ts'
import type { Config } from './config/schema.ts'
import type { Lab } from './lab.ts'
import { type Failure, failureOf, NO_FAILURE, UserError } from './messages/error.ts'
import type { LabEvent } from './pipeline/events.ts'
import type { RoundKey } from './store/keys.ts'
import type { MemberKey } from './store/studies.ts'

export interface JobRequest {
  readonly command: Command
  readonly config: Config
  /** The run to resume; null starts a new one. */
  readonly resume: number | null
  /** For a new run of `retrain`: train on the latest collection that matches this run and round. */
  readonly collection?: Partial<RoundKey> | null
  /** For a member of a study: which one it is, and where the study is. */
  readonly member?: (MemberKey & Omit<StudyPlace, 'id'>) | null
}

/** How far the study is that a run belongs to. */
export interface StudyPlace {
  readonly id: number
  readonly name: string
  /** The training at work, from 1, and how many there are. */
  readonly place: number
  readonly of: number
}

/** Plays a run of a job to its end, as `Lab.run`. The signal stops it without loss. */
export type PlayRun = (request: JobRequest, signal: AbortSignal) => Promise<void>

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
  /** The study that the run belongs to; null where it belongs to none. */
  readonly study: StudyPlace | null
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
  /** Resolves with the job's first run, and rejects where there is none. */
  readonly begun: Promise<void>
  readonly stop: AbortController
  readonly quit: AbortController
  readonly settled: Promise<void>
}

/** Runs one job at a time, and reports its state to subscribers. */
export class Jobs {
  readonly #lab: Pick<Lab, 'run'>
  readonly #audience: Audience | undefined
  readonly #hear: (event: LabEvent) => void
  readonly #store = createStore<JobState>(() => ({ status: 'idle', current: null, last: null }))
  /** Calls a listener after every change with the new state. Returns a function that ends the subscription. */
  readonly subscribe = this.#store.subscribe
  #work: Work | undefined
  #closed = false

  /** `audience` watches the pages that the jobs play, and `hear` receives the events of their runs. */
  constructor(lab: Pick<Lab, 'run'>, audience?: Audience, hear: (event: LabEvent) => void = () => {}) {
    this.#lab = lab
    this.#audience = audience
    this.#hear = hear
  }

  get state(): JobState {
    return this.#store.getState()
  }

  /**
   * Starts a job and returns at once. Throws UserError while another job is running, here or in another process, where
   * there is nothing to resume, and once the jobs are closed.
   */
  async start(request: JobRequest): Promise<JobState> {
    return this.perform((play, signal) => play(request, signal))
  }

  /**
   * Starts a job of several runs, which `work` plays one after the other, and returns with the first at work. Throws as
   * `start`, and what `work` throws before it.
   */
  async perform(work: (play: PlayRun, signal: AbortSignal) => Promise<void>): Promise<JobState> {
    // A job that is about to begin has no run yet.
    while (this.#work !== undefined && this.state.current === null) await this.#work.begun.catch(() => {})
    if (this.#closed) throw new UserError('labCloses')
    const { current } = this.state
    if (current !== null) {
      throw new UserError('runAtWork', { run: current.run, command: current.command })
    }
    const stop = new AbortController()
    const quit = new AbortController()
    const begun = Promise.withResolvers<void>()
    // Whether the run at work has told its own end.
    let told = true
    const play: PlayRun = async (request, signal) => {
      const { command, config, resume, collection = null, member = null } = request
      told = false
      await this.#lab.run(command, config, {
        resume,
        collection,
        member,
        signal,
        quit: quit.signal,
        audience: this.#audience,
        emit: (event) => {
          this.#store.setState(stateAfter(this.state, request, event))
          this.#hear(event)
          told = event.event === 'end'
          begun.resolve()
        },
      })
    }
    const settled = work(play, stop.signal).then(
      () => {
        this.#end(NO_FAILURE, told)
        begun.resolve()
      },
      (error: unknown) => {
        this.#end(failureOf(error), told)
        begun.reject(error)
      },
    )
    this.#work = { begun: begun.promise, stop, quit, settled }
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

  /** Stops the job, and resolves when it has stopped. No other begins. */
  async close(): Promise<void> {
    this.#closed = true
    this.stop()
    await this.rest()
  }

  /** Resolves when no job is running any more. */
  async rest(): Promise<void> {
    await this.#work?.settled
  }

  /** Called when the run has closed everything. A run that failed outside its stages has sent no end event itself. */
  #end(failure: Failure, told: boolean): void {
    const { current, last } = this.state
    this.#work = undefined
    if (current === null) return
    const { command, run } = current
    const broken: EndedJob = { command, run, status: 'failed', ...failure, ended: Date.now() }
    this.#store.setState({ status: 'idle', current: null, last: told || failure.error === null ? last : broken })
  }
}

/** The state after an event of the run. */
function stateAfter(state: JobState, { command, member }: JobRequest, event: LabEvent): JobState {
  if (event.event === 'run') {
    const { run } = event
    const study = member == null ? null : { id: member.study, name: member.name, place: member.place, of: member.of }
    const current = { command, run, study, since: Date.now(), stage: null, progress: null }
    // Between two runs of a job somebody may have asked it to stop.
    return { ...state, status: state.status === 'stopping' ? 'stopping' : 'running', current }
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
