/** The recordings by hand, each on a page of its own. */
import type { Config } from '../config/schema.ts'
import type { Session } from '../environment/session.ts'
import type { Task } from '../environment/tasks.ts'
import { projectPath, shownPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import type { Resources } from '../pipeline/resources.ts'
import { BY_HAND } from '../preferences/golden.ts'
import { addRecording, refuseFixed } from '../preferences/golden-file.ts'
import { pageFailed } from './page-failed.ts'
import { Recorder } from './recorder.ts'
import type { Screens } from './screens.ts'
import { type ScriptStep, scriptStep } from './script.ts'
import type { ClosedRecording } from './state.ts'
import { Viewers } from './viewers.ts'
import type { Workshop } from './workshop.ts'

/** Most pages that recordings may hold. One more must stay free to replay a recording. */
const MOST_RECORDINGS = 4
/** Most closed recordings that are remembered. */
const MOST_CLOSED = 20

interface Recording {
  readonly recorder: Recorder
  /** The viewers of its pictures. */
  readonly viewers: Viewers
  readonly close: (why: Closing) => void
}

/** Why a recording was closed; 'told': somebody asked for it. */
type Closing = ClosedRecording['why'] | 'told'

/** The steps that were done before a person takes over. */
type Before = readonly Omit<ScriptStep, 'id'>[]

export class Recordings {
  readonly #config: () => Config
  readonly #workshop: Workshop
  readonly #screens: Screens
  readonly #away: number
  readonly #open = new Map<string, Recording>()
  #closed: readonly ClosedRecording[] = []

  /** `away`: milliseconds that a recording waits for its window to return. */
  constructor(config: () => Config, workshop: Workshop, screens: Screens, away: number) {
    this.#config = config
    this.#workshop = workshop
    this.#screens = screens
    this.#away = away
  }

  /** The recordings that the lab closed by itself, the newest last. */
  get closed(): readonly ClosedRecording[] {
    return this.#closed
  }

  /** The recorder of a screen; undefined where the screen has no recording. */
  find(id: string): Recorder | undefined {
    return this.#open.get(id)?.recorder
  }

  /** The recorder of a screen. Throws UserError where its recording is closed. */
  get(id: string): Recorder {
    const recorder = this.find(id)
    if (recorder === undefined) throw new UserError('recordingGone')
    return recorder
  }

  /**
   * Counts a viewer of a recording, which stays open meanwhile. Call the returned function once when the viewer leaves.
   */
  enter(id: string): (() => void) | undefined {
    return this.#open.get(id)?.viewers.enter()
  }

  /**
   * Opens a problem for a person to solve, and returns its screen. Throws UserError where the page cannot be opened, for
   * a problem of validation or evaluation, and where the file of golden samples takes no more.
   */
  async begin(task: string, seed: number): Promise<string> {
    return this.#begin(task, seed, [])
  }

  /**
   * Opens a screen's problem for a person to continue, on a page of its own, and repeats the steps so far. The agent's
   * own attempt goes on unchanged. Throws UserError as `begin` does.
   */
  async takeOver(id: string): Promise<string> {
    const screen = this.#screens.get(id)
    const { task, seed } = screen.problem
    const steps = screen
      .history(this.#screens.isHeld(screen))
      .map(({ action, observation, thought }) => scriptStep(action, observation, { thought }))
    return this.#begin(task.name, seed, steps)
  }

  /**
   * Adds the recording to the golden samples, with the given thoughts in place of the recorded ones. Throws UserError
   * where the task was not solved, for a problem of validation or evaluation, and where the file takes no more samples.
   */
  async save(id: string, thoughts?: readonly string[]): Promise<{ readonly samples: number; readonly path: string }> {
    const recorder = this.get(id)
    const samples = recorder.samples(thoughts)
    const config = this.#config()
    refuseMeasured(config, recorder.screen.problem.seed)
    const path = projectPath(config.paths.sft_data)
    await addRecording(path, samples)
    return { samples: samples.length, path: shownPath(path) }
  }

  /** Closes a recording's page. */
  discard(id: string): void {
    this.get(id)
    this.#open.get(id)?.close('told')
  }

  /** Closes all pages. */
  close(): void {
    for (const { close } of this.#open.values()) close('told')
  }

  #begin(name: string, seed: number, before: Before): Promise<string> {
    const config = this.#config()
    refuseMeasured(config, seed)
    refuseFixed(projectPath(config.paths.sft_data))
    if (this.#open.size >= MOST_RECORDINGS && !this.#makeRoom()) {
      throw new UserError('tooManyRecordings', { count: MOST_RECORDINGS })
    }
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const hold = async (resources: Resources) => {
      const [task] = resources.tasksNamed([name])
      await resources
        .environment()
        .use(task!, (session) => this.#hold(session, task!, seed, before, resources, resolve))
    }
    this.#workshop.use(hold).catch((error: unknown) => reject(pageFailed(name, error)))
    return promise
  }

  /** Records on a page until the recording is closed. Calls `begun` with its screen. */
  async #hold(
    session: Session,
    task: Task,
    seed: number,
    before: Before,
    resources: Resources,
    begun: (screen: string) => void,
  ): Promise<void> {
    const opening = await session.reset(task, seed)
    const programme = { stage: 'record', round: 0, arm: BY_HAND }
    const problem = { task, seed, attempt: 0 }
    const screen = this.#screens.add('record', programme, problem)
    screen.begin(programme, problem, session, opening)
    const closed = Promise.withResolvers<Closing>()
    const recorder = new Recorder(
      screen,
      session,
      opening,
      (work) => resources.environment().use(task, work),
      () => this.#screens.changed(),
    )
    const viewers = new Viewers(this.#away, () => viewers.present || closed.resolve('away'))
    this.#open.set(screen.id, { recorder, viewers, close: closed.resolve })
    try {
      await recorder.begin(before)
      begun(screen.id)
      // The window that began it will look at it in a moment.
      viewers.enter()()
      const why = await closed.promise
      if (why === 'told') return
      const minutes = this.#away / 60_000
      this.#closed = [...this.#closed, { screen: screen.id, task: task.name, seed, why, minutes }].slice(-MOST_CLOSED)
    } finally {
      this.#open.delete(screen.id)
      this.#screens.remove(screen)
    }
  }

  /** Closes the oldest recording without viewers; false where there is none. */
  #makeRoom(): boolean {
    const left = [...this.#open].find(([, { viewers }]) => viewers.away)
    if (left === undefined) return false
    const [id, { close }] = left
    this.#open.delete(id)
    close('room')
    return true
  }
}

/** Refuses problems of validation and evaluation: a policy that has seen a problem cannot be measured on it. */
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
