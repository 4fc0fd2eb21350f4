/** One browser page, on which episodes are played one after another. */
import type { CDPSession, Page } from 'puppeteer-core'
import { runningTime } from '../chromium/clock.ts'
import { EnvironmentFault, faultOf, type Work, within } from '../chromium/fault.ts'
import { EPISODE_TIME_LIMIT } from '../config/choices.ts'
import { UserError } from '../messages/error.ts'
import { reasonOf } from '../messages/reason.ts'
import type { Box, Ending, Shot } from '../store/episode.ts'
import { act } from './act.ts'
import type { Action } from './action.ts'
import type { BrowserHost } from './browser.ts'
import { type Confinement, confinePage } from './confine.ts'
import { emulateMachine, emulateView, TASK_AREA, VIEWPORT, type View } from './emulation.ts'
import { ASK_PAGE, flawOf, startFault } from './flaws.ts'
import type { Observation } from './observation.ts'
import {
  BUDGET,
  type HeardAction,
  installLab,
  observationOf,
  readBox,
  readHeard,
  readSeen,
  readState,
} from './observe.ts'
import type { Budget, PageState } from './page/lab.ts'
import type { Task } from './tasks.ts'

export interface SessionOptions {
  /**
   * Most time that the page may take in an episode, in milliseconds. The agent's time does not count. An episode over
   * the limit is a fault, not a failure.
   */
  readonly episodeTimeLimit: number
  /** Most time for one answer of the page, in milliseconds. */
  readonly answerTimeLimit: number
  /** Whether mouse and key events are those of a user; otherwise element.click() is used. */
  readonly trusted: boolean
  readonly budget: Budget
}

export const SESSION_DEFAULTS: SessionOptions = {
  episodeTimeLimit: 1000 * EPISODE_TIME_LIMIT,
  answerTimeLimit: 10_000,
  trusted: true,
  budget: BUDGET,
}

export type StepResult = {
  /** The page after the action; without elements once the episode is over. */
  readonly observation: Observation
} & (
  | { readonly done: false; readonly ending: null }
  /** The reward is the page's raw one, which does not decay with time. */
  | { readonly done: true; readonly ending: Ending }
)

/** The raw reward of a success. A lower bound would let partial successes become chosen answers of pairs. */
const SUCCESS = 1

const LOAD_LIMIT = 30_000

/** Plays episodes on one page. Every call may throw EnvironmentFault; the next reset then uses a fresh page. */
export class Session {
  readonly #host: BrowserHost
  readonly #options: SessionOptions
  #page: Page | undefined
  #cdp: CDPSession | undefined
  #confinement: Confinement | undefined
  #task: Task | undefined
  #instruction = ''
  #since: number | null = null
  /** The time that the page has taken in this episode, in milliseconds. */
  #spent = 0
  /** What those who look at the page want its pictures to show, the latest last. */
  readonly #views: { readonly view: View }[] = []
  /** The fault that broke the page, if any. */
  #broken: EnvironmentFault | undefined
  /** Rejects what waits for the page. */
  readonly #waiting = new Set<(fault: EnvironmentFault) => void>()

  constructor(host: BrowserHost, options: SessionOptions = SESSION_DEFAULTS) {
    this.#host = host
    this.#options = options
  }

  /** The task whose page is loaded. */
  get task(): Task | undefined {
    return this.#page === undefined ? undefined : this.#task
  }

  /** The browser's page, once an episode has begun on it. A fault replaces it by another one. */
  get page(): Page | undefined {
    return this.#page
  }

  /**
   * Since when the page shows the present problem, in milliseconds since 1970; null without a problem, for example while a
   * page loads or a problem starts.
   */
  get since(): number | null {
    return this.#since
  }

  /** Starts the task's problem with this seed, and returns the first observation. */
  async reset(task: Task, seed: number): Promise<Observation> {
    return this.#guard(async () => {
      this.#since = null
      if (this.#page === undefined || !isSamePage(this.#task, task)) await this.#load(task)
      this.#spent = 0
      // Otherwise the mouse would hover over the new problem at the place of the last click.
      const [state] = await Promise.all([
        this.#ask(`dpoDriver.start(${seed}, ${JSON.stringify(this.#options.budget)})`),
        this.#within('moveMouse', this.#page!.mouse.move(VIEWPORT.width - 1, VIEWPORT.height - 1)),
      ])
      if (state.done) throw new EnvironmentFault('episodeOverAtOnce')
      this.#instruction = state.instruction
      // Not before: until the mouse has moved, the page may still be painted as it was.
      this.#since = Date.now()
      return observationOf(state)
    })
  }

  /** Performs the action and returns the page's new state. */
  async step(action: Action): Promise<StepResult> {
    return this.#guard(async () => {
      const page = this.#current()
      if (this.#spent > this.#options.episodeTimeLimit) {
        throw new EnvironmentFault('episodeTooLong', { limit: this.#options.episodeTimeLimit })
      }
      const obstacle = await this.#within('act', act(page, action, this.#options.trusted))
      if (obstacle !== null) {
        // Perhaps the whole page is gone.
        if (obstacle === 'gone') await this.#look()
        const observation = { instruction: this.#instruction, elements: [], dropped: 0 }
        return { observation, done: true, ending: { outcome: 'failure', reason: obstacle, reward: 0 } }
      }
      return this.#look()
    })
  }

  /**
   * What the agent sees of a page that need not be a task: it is loaded and read, and cannot be acted on. Its
   * instruction is ''.
   */
  async read(page: Task): Promise<Observation> {
    return this.#guard(async () => {
      await this.close()
      await this.#open(page)
      const load = this.#confinement!.load(() => this.#current().goto(page.url, { waitUntil: 'load', timeout: 0 }))
      await this.#within('loadPage', load, LOAD_LIMIT)
      const { budget, answerTimeLimit } = this.#options
      const asked = `dpoDriver.settle(${answerTimeLimit / 4}).then(() => dpoDriver.observe(${JSON.stringify(budget)}))`
      const seen = await this.#within('answer', this.#current().evaluate(asked))
      await this.close()
      return readSeen(seen)
    })
  }

  /** The present state of the page, after its own scripts or a person changed it. */
  async look(): Promise<StepResult> {
    return this.#guard(() => this.#look())
  }

  /** A person's input since the last call. The first call of an episode starts to listen. */
  async heard(): Promise<HeardAction[]> {
    return this.#guard(async () =>
      readHeard(await this.#within('answer', this.#current().evaluate('dpoDriver.hear()'))),
    )
  }

  /** The place of an element on the page, in CSS pixels; null where it does not exist or is invisible. */
  async box(ref: number): Promise<Box | null> {
    return this.#guard(async () =>
      readBox(await this.#within('answer', this.#current().evaluate(`dpoDriver.box(${ref})`))),
    )
  }

  /**
   * When the page had painted what it shows now, in milliseconds since 1970. Pictures of before may show what stood there
   * earlier. Its faults do not count as the episode's.
   */
  async painted(): Promise<number> {
    // The first call comes before a frame is painted, the second after it was handed on.
    await this.#page?.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
    return Date.now()
  }

  /** A picture of the page, and the place of the element that `action`, if any, will act on. */
  async shot(action: Action | null): Promise<Shot> {
    const box = action === null || action.kind === 'press' ? null : await this.box(action.ref)
    return this.#guard(async () => {
      this.#current()
      // Puppeteer's own screenshot would end the view that is shown.
      const picture = this.#cdp!.send('Page.captureScreenshot', {
        format: 'jpeg',
        quality: 60,
        optimizeForSpeed: true,
        clip: { x: 0, y: 0, ...TASK_AREA, scale: 2 },
      })
      const { data } = await this.#within('takePicture', picture)
      return { picture: Buffer.from(data, 'base64'), box }
    })
  }

  /**
   * Lets streamed pictures of the page, and of those after it, show this view, until the returned function is called. Of
   * several views the latest counts. The page notices nothing.
   */
  showView(view: View): () => void {
    const wanted = { view }
    this.#views.push(wanted)
    this.#applyView()
    return () => {
      this.#views.splice(this.#views.indexOf(wanted), 1)
      this.#applyView()
    }
  }

  async close(): Promise<void> {
    const page = this.#page
    this.#page = undefined
    this.#since = null
    if (page === undefined) return
    // A page in an endless loop does not answer, but its script can be stopped from outside.
    const stopped = this.#cdp?.send('Runtime.terminateExecution').catch(() => {})
    await within(1_000, 'stopPage', Promise.resolve(stopped)).catch(() => {})
    await within(2_000, 'closePage', page.browserContext().close()).catch(() => {})
  }

  #applyView(): void {
    if (this.#cdp === undefined) return
    // The page may be about to close.
    emulateView(this.#cdp, this.#views.at(-1)?.view ?? null).catch(() => {})
  }

  #current(): Page {
    if (this.#page === undefined) throw new EnvironmentFault('noEpisodeOnPage')
    return this.#page
  }

  async #look(): Promise<StepResult> {
    const state = await this.#ask(`dpoDriver.state(${JSON.stringify(this.#options.budget)})`)
    const observation = { ...observationOf(state), instruction: this.#instruction }
    if (!state.done) return { observation, done: false, ending: null }
    const { reward } = state
    const ending: Ending =
      reward === SUCCESS ? { outcome: 'success', reward } : { outcome: 'failure', reason: 'wrong', reward }
    return { observation, done: true, ending }
  }

  async #ask(call: string): Promise<PageState> {
    const answer = await this.#within('answer', this.#current().evaluate(call))
    if (answer === null) throw new EnvironmentFault('pageLeft')
    if (typeof answer === 'string') throw startFault(answer.slice(0, 200), this.#confinement!.mishaps)
    return readState(answer)
  }

  /** Waits for the page's answer, but not if the page has crashed, because then there will be none. */
  async #within<T>(work: Work, promise: Promise<T>, limit = this.#options.answerTimeLimit): Promise<T> {
    const { promise: crash, reject } = Promise.withResolvers<never>()
    this.#waiting.add(reject)
    try {
      return await within(limit, work, Promise.race([promise, crash]))
    } finally {
      this.#waiting.delete(reject)
    }
  }

  /** Turns every error but a UserError into a fault, and closes the page. */
  async #guard<T>(work: () => Promise<T>): Promise<T> {
    const began = runningTime()
    try {
      const result = await work()
      if (this.#broken !== undefined) throw this.#broken
      return result
    } catch (error) {
      const fault = this.#broken ?? (error instanceof UserError ? error : asFault(error))
      this.#broken = undefined
      await this.close()
      throw fault
    } finally {
      this.#spent += runningTime() - began
    }
  }

  /** Loads the task. If that fails, tries once more on a fresh page, but not after a page has taken all its time. */
  async #load(task: Task): Promise<void> {
    try {
      await this.#show(task)
    } catch (error) {
      // Without a page it was the browser that did not answer, and there is another one now.
      const isPageLate = this.#page !== undefined && faultOf(error).id === 'tookTooLong'
      if (error instanceof UserError || isPageLate) throw error
      this.#broken = undefined
      await this.close()
      await this.#show(task)
    }
  }

  async #show(task: Task): Promise<void> {
    if (this.#page === undefined || this.#task?.root !== task.root || this.#task.draft !== task.draft) {
      await this.close()
      await this.#open(task)
    }
    this.#task = task
    const page = this.#current()
    const load = this.#confinement!.load(() => page.goto(task.url, { waitUntil: 'load', timeout: 0 }))
    await this.#within('loadPage', load, LOAD_LIMIT)
    const told = await this.#within('answer', page.evaluate(ASK_PAGE))
    const flaw = flawOf(task, told, this.#confinement!.mishaps)
    if (flaw !== undefined) throw flaw
  }

  /** Opens a page that keeps to the task, on the same machine as everywhere. */
  async #open(task: Task): Promise<void> {
    const page = await this.#host.open()
    this.#page = page
    const broke = (fault: EnvironmentFault): void => {
      if (this.#page !== page) return
      this.#broken = fault
      for (const reject of this.#waiting) reject(fault)
    }
    page.on('error', () => broke(new EnvironmentFault('pageCrashed')))
    const cdp = await this.#within('openPage', page.createCDPSession())
    const prepared = Promise.all([
      confinePage(page, cdp, task, broke),
      cdp.send('Emulation.setFocusEmulationEnabled', { enabled: true }),
      emulateMachine(cdp),
      installLab(page),
    ])
    const [confinement] = await this.#within('openPage', prepared)
    this.#cdp = cdp
    if (this.#views.length > 0) this.#applyView()
    this.#confinement = confinement
  }
}

function isSamePage(loaded: Task | undefined, task: Task): boolean {
  return loaded?.url === task.url && loaded.draft === task.draft
}

function asFault(error: unknown): EnvironmentFault {
  if (error instanceof EnvironmentFault) return error
  const text = reasonOf(error)
  // The browser's words for an answer that was lost because another document took the page's place.
  if (text.startsWith('Execution context was destroyed')) return new EnvironmentFault('pageLeft')
  return new EnvironmentFault('verbatim', { text })
}
