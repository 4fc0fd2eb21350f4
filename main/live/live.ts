/** The live view: what the agent sees and does now, one episode to try out, and a page to show it how by hand. */
import type { Attempt, Audience, Programme, Spectator } from '../agent/spectator.ts'
import type { Config } from '../config/schema.ts'
import type { Action } from '../environment/action.ts'
import { EnvironmentFault } from '../environment/fault.ts'
import type { Session } from '../environment/session.ts'
import { projectPath, shownPath } from '../files/paths.ts'
import { messageOf, UserError } from '../messages/error.ts'
import type { ResourceOptions, Resources } from '../pipeline/resources.ts'
import { BY_HAND, readGoldenData, writeGoldenData } from '../preferences/golden.ts'
import type { Shot } from '../store/episode.ts'
import { type ControlChange, Gate } from './gate.ts'
import type { Input } from './hand.ts'
import { Pictures } from './pictures.ts'
import { type PlayPolicy, playEpisode, playPolicies } from './play.ts'
import { Recorder } from './recorder.ts'
import { type Replayable, retake } from './retake.ts'
import { Screen } from './screen.ts'
import { type ScriptStep, scriptStep } from './script.ts'
import { Signal } from './signal.ts'
import type { ClosedRecording, Control, Frame, LiveScreen, LiveState, Played } from './state.ts'
import { Viewers } from './viewers.ts'
import { Workshop } from './workshop.ts'

const GRACE = 10_000
/** A window that shows something else for a while comes back to its recording. */
const AWAY = 300_000
/** Milliseconds between two states at least. */
const STATE_INTERVAL = 100
/** Pages that people may hold for themselves; another must be left to play a recording once more. */
const MOST_RECORDINGS = 4
/** Closed recordings that are remembered. */
const MOST_CLOSED = 20

export interface LiveOptions extends Pick<ResourceOptions, 'host'> {
  /** The configuration as it is now; asked whenever something is begun. */
  readonly config: () => Config
  /** Milliseconds after the last viewer has gone until nobody is held back any more; 10,000 by default. */
  readonly grace?: number
  /** Milliseconds that a recording waits for its window to come back; 300,000 by default. */
  readonly away?: number
}

export interface PlayOptions {
  readonly task: string
  readonly seed: number
  /** 'base', 'sft', 'dpo', or an adapter's folder. */
  readonly policies: readonly string[]
  /** 0 is greedy. */
  readonly temperature: number
}

interface Held {
  readonly recorder: Recorder
  /** Who looks at its pictures. */
  readonly viewers: Viewers
  readonly close: (why: Closing) => void
}

/** Why a recording is closed; 'told' where somebody wanted it. */
type Closing = ClosedRecording['why'] | 'told'

export class Live {
  readonly #config: () => Config
  /** The model and the pages for what people try out. */
  readonly workshop: Workshop
  readonly #screens = new Map<string, Screen>()
  readonly #recordings = new Map<string, Held>()
  #closed: readonly ClosedRecording[] = []
  readonly #pictures = new Pictures(this.#screens)
  readonly #changed = new Signal()
  /** Who looks at runs, and who at what is tried out. */
  readonly #viewers: Readonly<Record<Played, Viewers>>
  readonly #gates: Readonly<Record<Played, Gate>>
  readonly #away: number
  #screenCount = 0
  #playing: { readonly controller: AbortController; readonly over: Promise<unknown> } | undefined

  constructor({ config, host, grace = GRACE, away = AWAY }: LiveOptions) {
    this.#away = away
    const viewers = (of: Played) => new Viewers(grace, () => this.#recheck(of))
    this.#viewers = { job: viewers('job'), play: viewers('play') }
    this.#config = config
    this.workshop = new Workshop(config, { host })
    this.#gates = {
      job: new Gate(() => this.#viewers.job.present, { delay: 0, paused: false }),
      play: new Gate(() => this.#viewers.play.present, { delay: 500, paused: false }),
    }
  }

  // Looking

  /**
   * What is shown now, and then again whenever it has changed, until `signal` is aborted. Somebody looks meanwhile at
   * what is played `of` a kind, or at neither.
   */
  async *watch(of: Played | null, signal: AbortSignal): AsyncGenerator<LiveState, void, undefined> {
    const leave = of === null ? undefined : this.#viewers[of].enter()
    try {
      for await (const _ of this.#changes(signal)) yield this.state()
    } finally {
      leave?.()
    }
  }

  /** Whether somebody holds the run where it is; said again when that changes, until `signal` is aborted. */
  async *pauses(signal: AbortSignal): AsyncGenerator<boolean, void, undefined> {
    let told: boolean | undefined
    for await (const _ of this.#changes(signal)) {
      const { pauses } = this.#gates.job
      if (pauses !== told) yield pauses
      told = pauses
    }
  }

  /**
   * Pictures of these screens, of all where none are named, until `signal` is aborted. A recording stays open while its
   * pictures are looked at by name.
   */
  async *frames(ids: readonly string[] | undefined, signal: AbortSignal): AsyncGenerator<Frame, void, undefined> {
    const leave = (ids ?? []).map((id) => this.#recordings.get(id)?.viewers.enter())
    try {
      yield* this.#pictures.watch(ids, signal)
    } finally {
      for (const goes of leave) goes?.()
    }
  }

  /** What is shown now. */
  state(): LiveState {
    const { job, play } = this.#gates
    return {
      controls: { job: job.control, play: play.control },
      closed: this.#closed,
      screens: [...this.#screens.values()].map((screen) => this.#shown(screen)),
    }
  }

  // A run

  /** Who watches the pages of runs, one run after another. */
  audience(): Audience {
    const screens = new Map<Session, Screen>()
    const screenOf = (programme: Programme) => (attempt: Attempt) => {
      const known = screens.get(attempt.session)
      if (known !== undefined) return known
      const screen = this.#add('job', programme, attempt)
      screens.set(attempt.session, screen)
      return screen
    }
    return {
      spectator: (programme) => this.#spectator('job', programme, screenOf(programme)),
      leave: () => {
        for (const screen of screens.values()) this.#remove(screen)
        screens.clear()
      },
    }
  }

  /** Sets how fast a run or what is tried out goes. */
  control(of: Played, control: ControlChange): Control {
    const now = this.#gates[of].set(control)
    this.#changed.fire()
    return now
  }

  /** Lets what is held go on by one action: one screen, or all where none is named. */
  next(of: Played, screen?: string): void {
    this.#gates[of].pass(screen)
  }

  // Play

  /** The policies that can be asked to play. */
  policies(): PlayPolicy[] {
    return playPolicies(this.#config())
  }

  /**
   * Begins an episode with each of the policies, in place of what was tried out before, and returns their screens. Throws
   * UserError where task, model or adapter is not there.
   */
  async play({ task: name, seed, policies, temperature }: PlayOptions): Promise<string[]> {
    await this.stop()
    const controller = new AbortController()
    const { promise, resolve, reject } = Promise.withResolvers<string[]>()
    const over = this.workshop.use(async (resources, config) => {
      const [task] = resources.tasksNamed([name])
      const job = { task: task!, seed, attempt: 0 }
      const players = policies.map((policy) => {
        const programme = { stage: 'play', round: 0, arm: policy }
        const screen = this.#add('play', programme, job)
        return { policy, screen, spectator: this.#spectator('play', programme, () => screen) }
      })
      const screens = players.map(({ screen }) => screen)
      let ready = false
      try {
        await playEpisode(resources, config, { job, policies: players, temperature }, controller.signal, () => {
          ready = true
          resolve(screens.map(({ id }) => id))
        })
      } catch (error) {
        if (!ready) for (const screen of screens) this.#remove(screen)
        else for (const screen of screens) screen.stop(messageOf(error))
        throw error
      }
    })
    this.#playing = { controller, over: over.catch(reject) }
    return promise
  }

  /** Ends what is tried out, and takes its screens down. */
  async stop(): Promise<void> {
    const playing = this.#playing
    this.#playing = undefined
    playing?.controller.abort(new UserError('playStopped'))
    await playing?.over
    for (const screen of this.#screens.values()) if (screen.kind === 'play') this.#remove(screen)
  }

  // By hand

  /**
   * Opens a problem for a person to solve, and returns its screen. Throws UserError where it cannot be had, and for a
   * problem that policies are measured on.
   */
  async record(task: string, seed: number): Promise<string> {
    return this.#record(task, seed, [])
  }

  /**
   * Opens the problem of a screen for a person to go on with, on a page of its own: the agent's own attempt stays the
   * agent's. What was done there is done again first. Throws UserError as `record` does.
   */
  async takeOver(id: string): Promise<string> {
    const screen = this.#screen(id)
    const { task, seed } = screen.problem
    const steps = screen
      .history(this.#isHeld(screen))
      .map(({ action, observation, thought }) => scriptStep(action, observation, { thought }))
    return this.#record(task.name, seed, steps)
  }

  /** Does to a recording's page what a person did to its picture. */
  input(id: string, input: Input): Promise<void> {
    return this.#recording(id).recorder.input(input)
  }

  /** Does one of the agent's actions on a recording's page. Throws UserError where the page does not let it. */
  act(id: string, action: Action): Promise<void> {
    return this.#recording(id).recorder.act(action)
  }

  /** Takes a recording's last step back: its page begins anew, and the steps before it are done once more. */
  undo(id: string): Promise<void> {
    return this.#recording(id).recorder.undo()
  }

  /**
   * Adds what was recorded to the golden samples, with these thoughts in place of its own where they are given. Throws
   * UserError where it was not solved, and for a problem that policies are measured on.
   */
  save(id: string, thoughts?: readonly string[]): { readonly samples: number; readonly path: string } {
    const { recorder } = this.#recording(id)
    const samples = recorder.samples(thoughts)
    const { task, seed } = recorder.screen.problem
    const config = this.#config()
    refuseMeasured(config, seed)
    const path = projectPath(config.paths.sft_data)
    const others = readGoldenData(path).filter(
      (sample) => sample.source !== BY_HAND || sample.task !== task.name || sample.seed !== seed,
    )
    writeGoldenData(path, [...others, ...samples])
    return { samples: samples.length, path: shownPath(path) }
  }

  /** Closes a recording's page. */
  discard(id: string): void {
    this.#recording(id).close('told')
  }

  /** Ends everything that people have begun. Runs have their own pages. */
  async close(): Promise<void> {
    await this.stop()
    for (const { close } of this.#recordings.values()) close('told')
    await this.workshop.close()
  }

  #record(name: string, seed: number, before: readonly Omit<ScriptStep, 'id'>[]): Promise<string> {
    refuseMeasured(this.#config(), seed)
    if (this.#recordings.size >= MOST_RECORDINGS && !this.#makeRoom()) {
      throw new UserError('tooManyRecordings', { count: MOST_RECORDINGS })
    }
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const hold = async (resources: Resources) => {
      const [task] = resources.tasksNamed([name])
      await resources.environment().use(task!, async (session) => {
        const opening = await session.reset(task!, seed)
        const programme = { stage: 'record', round: 0, arm: BY_HAND }
        const problem = { task: task!, seed, attempt: 0 }
        const screen = this.#add('record', programme, problem)
        screen.begin(programme, problem, session, opening)
        const closed = Promise.withResolvers<Closing>()
        const recorder = new Recorder(
          screen,
          session,
          opening,
          (work) => resources.environment().use(task!, work),
          () => this.#changed.fire(),
        )
        const viewers = new Viewers(this.#away, () => viewers.present || closed.resolve('away'))
        this.#recordings.set(screen.id, { recorder, viewers, close: closed.resolve })
        try {
          await recorder.begin(before)
          resolve(screen.id)
          // Whoever has begun it is about to come.
          viewers.enter()()
          const why = await closed.promise
          if (why !== 'told') {
            const minutes = this.#away / 60_000
            this.#closed = [...this.#closed, { screen: screen.id, task: name, seed, why, minutes }].slice(-MOST_CLOSED)
          }
        } finally {
          this.#recordings.delete(screen.id)
          this.#remove(screen)
        }
      })
    }
    this.workshop.use(hold).catch((error: unknown) => reject(asUserError(name, error)))
    return promise
  }

  /** Closes the oldest recording that nobody looks at; false where there is none. */
  #makeRoom(): boolean {
    const left = [...this.#recordings].find(([, { viewers }]) => viewers.away)
    if (left === undefined) return false
    const [id, { close }] = left
    this.#recordings.delete(id)
    close('room')
    return true
  }

  // Afterwards

  /**
   * How the pages of an episode looked that was played without pictures, step by step, as far as they can be had again.
   * Throws UserError where task or page cannot be had.
   */
  retake(name: string, episode: Replayable): Promise<Shot[]> {
    return this.workshop.use(async (resources) => {
      const [task] = resources.tasksNamed([name])
      try {
        return await resources.environment().use(task!, (session) => retake(session, task!, episode))
      } catch (error) {
        throw asUserError(name, error)
      }
    })
  }

  /** Now, and whenever something has changed since. */
  async *#changes(signal: AbortSignal): AsyncGenerator<void, void, undefined> {
    while (!signal.aborted) {
      const changed = this.#changed.next(undefined, signal)
      yield
      await changed
      await new Signal().next(STATE_INTERVAL, signal)
    }
  }

  // Screens

  #spectator(of: Played, programme: Programme, screenOf: (attempt: Attempt) => Screen): Spectator {
    const gate = this.#gates[of]
    const hold = async (screen: Screen, signal: AbortSignal) => {
      const held = gate.hold(screen.id, signal)
      this.#changed.fire()
      await held
      this.#changed.fire()
    }
    const viewers = this.#viewers[of]
    return {
      get listens() {
        return viewers.present
      },
      drawn: (attempt, soFar) => screenOf(attempt).draw(soFar),
      began: (attempt, observation) => screenOf(attempt).begin(programme, attempt, attempt.session, observation),
      decided: (attempt, answer, signal) => {
        const screen = screenOf(attempt)
        screen.answer(answer)
        return viewers.present ? screen.outline().then(() => hold(screen, signal)) : undefined
      },
      ended: (attempt, ending, signal) => {
        const screen = screenOf(attempt)
        screen.end(ending)
        return gate.closed ? hold(screen, signal) : undefined
      },
    }
  }

  #shown(screen: Screen): LiveScreen {
    const recording = this.#recordings.get(screen.id)?.recorder.shown() ?? null
    const shown = screen.shown(this.#isHeld(screen))
    return recording === null ? { ...shown, recording } : { ...shown, step: recording.steps.length, recording }
  }

  #isHeld({ id, kind }: Screen): boolean {
    return kind !== 'record' && this.#gates[kind].isHeld(id)
  }

  #add(kind: LiveScreen['kind'], programme: Programme, problem: Screen['problem']): Screen {
    const screen = new Screen(`${kind}-${++this.#screenCount}`, kind, programme, problem, {
      changed: () => this.#changed.fire(),
      framed: (frame) => this.#pictures.framed(frame),
    })
    this.#screens.set(screen.id, screen)
    this.#pictures.added(screen)
    this.#changed.fire()
    return screen
  }

  #remove(screen: Screen): void {
    screen.close()
    this.#screens.delete(screen.id)
    const { kind } = screen
    // A pause is of what is played: the next run does not begin with it.
    if (kind !== 'record' && ![...this.#screens.values()].some((one) => one.kind === kind)) {
      this.#gates[kind].set({ paused: false })
    }
    this.#changed.fire()
  }

  #screen(id: string): Screen {
    const screen = this.#screens.get(id)
    if (screen === undefined) throw new UserError('screenGone')
    return screen
  }

  #recording(id: string): Held {
    const recording = this.#recordings.get(id)
    if (recording === undefined) throw new UserError('recordingGone')
    return recording
  }

  #recheck(of: Played): void {
    this.#gates[of].recheck()
    this.#changed.fire()
  }
}

/** A page that fails is for the person to try again. */
function asUserError(task: string, error: unknown): unknown {
  return error instanceof EnvironmentFault ? new UserError('pageFailed', { task, why: error.fault }) : error
}

/** A policy that was shown a problem cannot be measured on it. */
function refuseMeasured({ evaluation, validation }: Config, seed: number): void {
  for (const [id, block] of [
    ['seedEvaluated', evaluation],
    ['seedValidated', validation],
  ] as const) {
    const first = block.seed_start
    const last = first + block.num_episodes_per_task - 1
    if (seed >= first && seed <= last) throw new UserError(id, { seed, first, last })
  }
}
