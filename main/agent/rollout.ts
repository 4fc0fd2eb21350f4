/** Plays attempts: many at a time on a few pages. One model answers for all of them in batches. */
import { EnvironmentFault } from '../chromium/fault.ts'
import type { AdapterName, Completion, DrawnToken } from '../engine/engine.ts'
import type { Action } from '../environment/action.ts'
import type { Environment } from '../environment/environment.ts'
import { triesFor } from '../environment/fault.ts'
import { type Observation, renderPage } from '../environment/observation.ts'
import type { Session } from '../environment/session.ts'
import type { Task } from '../environment/tasks.ts'
import { UserError } from '../messages/error.ts'
import type { Ending, Episode, FailureReason, Shot, Step } from '../store/episode.ts'
import { formatAction, parseCompletion } from './grammar.ts'
import { unnamedActions } from './hint.ts'
import type { AgentModel } from './model.ts'
import { userMessage } from './prompt.ts'
import type { Answer, AnswerToken, Spectator } from './spectator.ts'
import { type Next, type Openings, Seen, samePage } from './transitions.ts'

/** One attempt to play. */
export interface Job {
  readonly task: Task
  /** Seed of the page's problem. */
  readonly seed: number
  readonly attempt: number
  /** Where it leaves the way of an earlier attempt; without it, the attempt is the agent's own from the beginning. */
  readonly branch?: Branch
  /** Whether it is held to elements that the instruction names. */
  readonly hinted?: boolean
}

/** The beginning of an attempt: the answers of an earlier one, then the likeliest answer whose action is none of `barred`. */
export interface Branch {
  readonly answers: readonly Completion[]
  /** Actions, as the agent writes them. */
  readonly barred: readonly string[]
}

export interface RolloutOptions {
  /** The policy. */
  readonly adapter: AdapterName
  readonly sampling: {
    /** 0 is greedy. */
    readonly temperature: number
    readonly top_p: number
    readonly max_new_tokens: number
    /**
     * With the attempt's task, seed, number and step, this seed decides every random choice, whatever else is played.
     */
    readonly seed: number
    /** Whether answers are held to the actions that the page takes. */
    readonly constrained: boolean
  }
  /** Most actions in an episode; by default the task's horizon. */
  readonly maxSteps?: number
  /** Whether to keep a small picture of the page before each action. */
  readonly pictures?: boolean
  readonly signal?: AbortSignal
  /** Called with each episode as it ends. */
  readonly onEpisode?: (episode: Episode) => void
  readonly spectator?: Spectator | undefined
  /** Whether the first answers of a problem are generated together, before its attempts have pages; true by default. */
  readonly ahead?: boolean
  /** The first pages of problems that other policies have played, with what came of their actions. */
  readonly openings?: Openings
}

/** The parts of an environment and a model that rollouts need. Tests give scripted ones. */
export type Playground = Pick<Environment, 'pages' | 'use'>
export type Policy = Pick<AgentModel, 'promptTokens' | 'completionText' | 'constraint' | 'generate'>

/** For each page, the number of problems with attempts in progress. */
export const PROBLEMS_PER_PAGE = 4

/**
 * Plays all jobs and returns their episodes in the order of the jobs. An action that another attempt has done on the same page
 * of the same problem is not done again, unless somebody watches or pictures are kept. An episode that the browser or its page
 * breaks is played again when the others are over, as often as `triesFor` allows. The same job gives the same episode each
 * time, because it draws from random streams of its own. Failures of pages and completions do not throw; they are in the
 * episode's outcome. When cancelled, throws the signal's reason; episodes that ended before have gone
 * to `onEpisode`. Throws the errors of the engine.
 */
export async function rollout(
  model: Policy,
  environment: Playground,
  jobs: readonly Job[],
  options: RolloutOptions,
): Promise<Episode[]> {
  const episodes = new Map<Job, Episode>()
  const failed = new AbortController()
  const signal = AbortSignal.any([failed.signal, ...(options.signal === undefined ? [] : [options.signal])])
  const player = new Player(model, environment, { ...options, signal })

  const waiting = problems(jobs)
  const broken = new Map<Job, number>()
  /** Whether the job is to be played again. */
  const isUnlucky = (job: Job, episode: Episode): boolean => {
    if (episode.outcome !== 'fault') return false
    const times = (broken.get(job) ?? 0) + 1
    broken.set(job, times)
    return times < triesFor(episode.fault)
  }
  const work = async () => {
    for (let problem = waiting.shift(); problem !== undefined; problem = waiting.shift()) {
      const { task, seed } = problem[0]!
      signal.throwIfAborted()
      const page = options.ahead === false ? null : await player.open(task, seed)
      const own = problem.filter(({ branch }) => branch === undefined)
      const answers = page === null || own.length === 0 ? [] : await player.ask(page.observation, [], own, 0)
      await all(
        problem.map(async (job) => {
          const answer = answers[own.indexOf(job)] ?? null
          const opening = page === null ? null : { page, answer }
          const episode = await player.play(job, opening)
          if (isUnlucky(job, episode)) {
            waiting.push([job])
            return
          }
          episodes.set(job, episode)
          options.onEpisode?.(episode)
        }),
      )
    }
  }
  const guarded = () =>
    work().catch((error) => {
      failed.abort(error)
      throw error
    })
  await all(Array.from({ length: environment.pages * PROBLEMS_PER_PAGE }, guarded))
  return jobs.map((job) => episodes.get(job)!)
}

/** A problem's first page, and the answer to it that was generated before its attempt had a page; null for a branch. */
interface Opening {
  readonly page: Seen
  readonly answer: Completion | null
}

/** An answer of the model to a page. */
type Decided = Omit<Answer, 'tokens' | 'action'> & { readonly completion: Completion } & (
    | { readonly action: Action; readonly failure: null }
    | { readonly action: null; readonly failure: FailureReason }
  )

/** An attempt on its way, with or without a page. */
class Course {
  readonly job: Job
  readonly opening: Opening | null
  readonly decided: Decided[] = []
  readonly steps: Step[] = []
  instruction: string
  /** Milliseconds that it took, without waiting for a page or a spectator. */
  duration = 0
  /** The page that it has come to without having one, by the first `recalled` decisions; null where none is known. */
  page: Seen | null
  recalled = 0
  /** The action that it took upon itself. Other attempts may wait for what comes of it. */
  #taken: { readonly page: Seen; readonly action: Action } | undefined

  constructor(job: Job, opening: Opening | null) {
    this.job = job
    this.opening = opening
    this.page = opening?.page ?? null
    this.instruction = opening?.page.observation.instruction ?? ''
  }

  /** The actions so far, as the agent wrote them. */
  get done(): string[] {
    return this.decided.map(({ written }) => written)
  }

  add(decided: Decided, shot?: Shot): Decided {
    const { observation, completion, text, thought, written } = decided
    this.steps.push({
      page: renderPage(observation),
      prompt: userMessage(observation, this.done),
      completion: text,
      tokens: [...completion.tokens],
      logprob: logprobOf(completion),
      thought,
      action: written,
      ...(shot === undefined ? {} : { shot }),
    })
    this.decided.push(decided)
    return decided
  }

  /** Forgets what it decided from this step on: it was for other pages. */
  forget(step: number): void {
    this.steps.length = step
    this.decided.length = step
  }

  /** Takes an action upon itself. Returns what comes of it where another attempt does it or has done it. */
  take(page: Seen, action: Action): Promise<Next | null> | undefined {
    const next = page.take(action)
    if (next === undefined) this.#taken = { page, action }
    return next
  }

  /** Whether another attempt, which has a page, has meanwhile done what this one took. */
  get isOvertaken(): boolean {
    return this.#taken?.page.knows(this.#taken.action) ?? false
  }

  /** Leaves to others what it took and did not do. */
  leave(): void {
    this.#taken?.page.leave(this.#taken.action)
  }
}

/** An attempt on a page. */
interface Playing extends Job {
  readonly session: Session
  /** How long a spectator has delayed it, in milliseconds. */
  held: number
}

/**
 * The tokens of prompts by model and page. Attempts and policies that share a page ask the same of it, and a rendering of the
 * chat template takes a thread of its own.
 */
const PROMPTS = new WeakMap<Policy, WeakMap<Observation, { readonly done: string; readonly tokens: Int32Array }>>()

function promptOf(model: Policy, observation: Observation, done: readonly string[]): Int32Array {
  const prompts = PROMPTS.get(model) ?? new WeakMap()
  PROMPTS.set(model, prompts)
  const key = JSON.stringify(done)
  const made = prompts.get(observation)
  if (made?.done === key) return made.tokens
  const tokens = model.promptTokens(observation, done)
  prompts.set(observation, { done: key, tokens })
  return tokens
}

/** What several attempts ask of the model at a page, and how. */
interface Asked {
  readonly observation: Observation
  readonly done: readonly string[]
  readonly jobs: readonly Job[]
  readonly step: number
  readonly temperature: number
  readonly top_p: number
  readonly barred: readonly string[]
}

/** How many answers a branch looks at, before it leaves its way by one of them. */
export const BRANCH_SAMPLES = 16

class Player {
  readonly #model: Policy
  readonly #environment: Playground
  readonly #options: RolloutOptions & { readonly signal: AbortSignal }

  constructor(model: Policy, environment: Playground, options: RolloutOptions & { readonly signal: AbortSignal }) {
    this.#model = model
    this.#environment = environment
    this.#options = options
  }

  /**
   * The first page of a problem. Every attempt with the same seed starts with this page, so the model can generate the
   * first answers of all attempts together, before they need pages. Null where the page failed.
   */
  async open(task: Task, seed: number): Promise<Seen | null> {
    const { openings } = this.#options
    const kept = openings?.get(task, seed)
    if (kept !== undefined) return kept
    try {
      const seen = new Seen(await this.#environment.use(task, (session) => session.reset(task, seed)))
      openings?.keep(task, seed, seen)
      return seen
    } catch (error) {
      if (error instanceof EnvironmentFault) return null
      throw error
    }
  }

  /**
   * The answers of several attempts to the same page. The engine computes them together with those of other problems.
   * Throws UserError with the page's place where it is too long for the model.
   */
  async ask(
    observation: Observation,
    done: readonly string[],
    jobs: readonly Job[],
    step: number,
    onToken?: (drawn: DrawnToken) => void,
  ): Promise<Completion[]> {
    const { temperature, top_p } = this.#options.sampling
    const barred = jobs[0]?.hinted === true ? unnamedActions(observation) : []
    return this.#generate({ observation, done, jobs, step, temperature, top_p, barred }, onToken)
  }

  /**
   * The answer by which a branch leaves its way: of several samples the likeliest whose action is not barred. If there is none, the
   * action comes behind the likeliest thought.
   */
  async #leave(observation: Observation, done: readonly string[], job: Job, { barred }: Branch): Promise<Completion> {
    const common = { observation, done, step: done.length, top_p: 1 }
    const jobs = Array.from({ length: BRANCH_SAMPLES }, (_, at) => ({
      ...job,
      attempt: BRANCH_SAMPLES * job.attempt + at,
    }))
    const sampled = await this.#generate({ ...common, jobs, temperature: 1, barred: [] })
    const [likeliest] = sampled
      .filter(({ tokens, stopped }) => {
        const parsed = parseCompletion(this.#model.completionText(tokens), observation)
        return stopped && 'decision' in parsed && !barred.includes(formatAction(parsed.decision.action, observation))
      })
      .sort((a, b) => logprobOf(b) - logprobOf(a))
    return likeliest ?? (await this.#generate({ ...common, jobs: [job], temperature: 0, barred }))[0]!
  }

  async #generate(
    { observation, done, jobs, step, temperature, top_p, barred }: Asked,
    onToken?: (drawn: DrawnToken) => void,
  ): Promise<Completion[]> {
    const { signal, adapter } = this.#options
    const { seed, max_new_tokens, constrained } = this.#options.sampling
    const prompt = promptOf(this.#model, observation, done)
    const constraint =
      constrained || barred.length > 0 ? this.#model.constraint(observation, max_new_tokens, barred) : null
    try {
      const completions = await this.#model.generate(
        jobs.map(() => prompt),
        {
          temperature,
          top_p,
          max_new_tokens,
          seeds: jobs.map((job) => completionSeed(seed, job, step)),
          ...(constraint === null ? {} : { constraints: jobs.map(() => constraint) }),
        },
        adapter,
        { signal, ...(onToken === undefined ? {} : { onToken }) },
      )
      this.#options.spectator?.generated(completions.reduce((sum, { tokens }) => sum + tokens.length, 0))
      return completions
    } catch (error) {
      const [job] = jobs
      if (!isTooLong(error) || job === undefined) throw error
      throw new UserError('pageTooLong', { task: job.task.name, seed: job.seed, step: step + 1, why: error.messages })
    }
  }

  /** Reports an answer's tokens to the spectator as they come; undefined where it does not listen. */
  #listener(playing: Playing): ((drawn: DrawnToken) => void) | undefined {
    const { spectator } = this.#options
    if (spectator?.listens !== true) return undefined
    const tokens: number[] = []
    const logprobs: number[] = []
    const soFar = () => {
      const completion = { tokens: Int32Array.from(tokens), logprobs: Float32Array.from(logprobs) }
      return answerTokens(completion, (part) => this.#model.completionText(part))
    }
    return ({ token, logprob }) => {
      tokens.push(token)
      logprobs.push(logprob)
      spectator.drawn(playing, soFar)
    }
  }

  /** Plays one attempt to its end. */
  async play(job: Job, opening: Opening | null): Promise<Episode> {
    const { pictures, spectator } = this.#options
    const course = new Course(job, opening)
    const isSeen = pictures === true || spectator?.listens === true
    let ending: Ending | null = null
    try {
      while (ending === null) {
        if (!isSeen) ending = await this.#recall(course)
        ending ??= await this.#environment.use(job.task, async (session) =>
          course.isOvertaken ? null : this.#play(session, course),
        )
      }
    } finally {
      course.leave()
    }
    const { seed, attempt, task } = job
    const { instruction, steps, duration } = course
    return { task: task.name, seed, attempt, instruction, ...ending, steps, duration }
  }

  /**
   * Goes as far as other attempts have come by the same actions. Returns the ending; null where the next action is one that
   * none has done.
   */
  async #recall(course: Course): Promise<Ending | null> {
    while (course.page !== null) {
      if (course.recalled === this.#horizon(course.job)) return OUT_OF_STEPS
      const began = performance.now()
      const decided = course.decided[course.recalled] ?? course.add(await this.#decide(course, course.page.observation))
      course.duration += performance.now() - began
      if (decided.failure !== null) return { outcome: 'failure', reason: decided.failure, reward: 0 }
      let next: Next | null | undefined = null
      // Whoever was to do it may have failed.
      while (next === null) next = await course.take(course.page, decided.action)
      if (next === undefined) return null
      if (!(next instanceof Seen)) return next
      course.page = next
      course.recalled++
    }
    return null
  }

  /** Plays an attempt on a page, from its beginning to its end. */
  async #play(session: Session, course: Course): Promise<Ending> {
    const { spectator, signal } = this.#options
    const began = performance.now()
    const playing: Playing = { ...course.job, session, held: 0 }
    let ending: Ending
    signal.throwIfAborted()
    try {
      const first = await session.reset(playing.task, playing.seed)
      course.instruction = first.instruction
      spectator?.began(playing, first)
      ending = await this.#steps(course, playing, first)
    } catch (error) {
      if (!(error instanceof EnvironmentFault)) throw error
      // Stopping may close the browser. That is not recorded as a fault, because a resumed run plays the attempt again.
      signal.throwIfAborted()
      ending = { outcome: 'fault', fault: error.fault, reward: 0 }
    }
    course.duration += performance.now() - began - playing.held
    await spectator?.ended(playing, ending, signal)
    return ending
  }

  /** Decides and acts until the episode ends. What was decided without a page counts where the page is the same. */
  async #steps(course: Course, playing: Playing, first: Observation): Promise<Ending> {
    const { session } = playing
    const { pictures } = this.#options
    let observation = first
    let page = course.opening?.page ?? null
    if (page !== null && !samePage(page.observation, first)) page = null
    for (let step = 0; step < this.#horizon(playing); step++) {
      const before = course.decided[step]
      if (before !== undefined && !samePage(before.observation, observation)) course.forget(step)
      let decided = course.decided[step]
      if (decided === undefined) {
        const answer = await this.#decide(course, observation, this.#listener(playing))
        decided = course.add(answer, pictures === true ? await session.shot(answer.action) : undefined)
      }
      await this.#show(playing, decided)
      const { action, failure } = decided
      if (failure !== null) return { outcome: 'failure', reason: failure, reward: 0 }
      if (page !== null) course.take(page, action)
      const result = await session.step(action)
      const next: Next | null = page?.done(action, result) ?? null
      if (result.done) return result.ending
      page = next instanceof Seen ? next : null
      observation = page?.observation ?? result.observation
    }
    return OUT_OF_STEPS
  }

  /** The model's next answer, as it was asked ahead or now. */
  async #decide(
    { job, opening, decided, done }: Course,
    observation: Observation,
    onToken?: (drawn: DrawnToken) => void,
  ): Promise<Decided> {
    const step = decided.length
    const foreseen =
      step === 0 && opening !== null && samePage(opening.page.observation, observation) ? opening.answer : null
    const { branch } = job
    const completion =
      step === branch?.answers.length
        ? await this.#leave(observation, done, job, branch)
        : (branch?.answers[step] ?? foreseen ?? (await this.ask(observation, done, [job], step, onToken))[0]!)
    const text = this.#model.completionText(completion.tokens)
    const parsed = completion.stopped ? parseCompletion(text, observation) : CUT
    const answer = { observation, completion, text }
    if ('failure' in parsed) return { ...answer, thought: '', written: '', action: null, failure: parsed.failure }
    const { thought, action } = parsed.decision
    return { ...answer, thought, written: formatAction(action, observation), action, failure: null }
  }

  #horizon({ task }: Job): number {
    return this.#options.maxSteps ?? task.horizon
  }

  /** Shows an answer to the spectator before the agent acts on it. */
  async #show(playing: Playing, { completion, failure, ...answer }: Decided): Promise<void> {
    const { spectator, signal } = this.#options
    const tokens = () => answerTokens(completion, (part) => this.#model.completionText(part))
    const hold = spectator?.decided(playing, { ...answer, tokens }, signal)
    if (hold === undefined) return
    const began = performance.now()
    await hold
    playing.held += performance.now() - began
  }
}

function logprobOf({ logprobs }: Completion): number {
  return logprobs.reduce((sum, logprob) => sum + logprob, 0)
}

function isTooLong(error: unknown): error is UserError {
  return error instanceof UserError && error.messages[0]?.id === 'promptTooLong'
}

/** The ending of an attempt that took as many actions as it may. */
const OUT_OF_STEPS: Ending = { outcome: 'failure', reason: 'steps', reward: 0 }
/** The outcome of an answer that reached the token limit. */
const CUT = { failure: 'length' } as const

/** The tokens of a completion, each with the text that it adds. */
export function answerTokens(
  { tokens, logprobs }: Pick<Completion, 'tokens' | 'logprobs'>,
  textOf: (tokens: Int32Array) => string,
): AnswerToken[] {
  let before = ''
  return Array.from(logprobs, (logprob, i) => {
    // The first bytes of a multi-byte character alone decode to the replacement character.
    const text = textOf(tokens.subarray(0, i + 1)).replace(/\uFFFD+$/, '')
    const added = text.slice(before.length)
    before = text
    return { text: added, logprob }
  })
}

/** Waits until all have ended, so that none goes on in the background. Then throws the error of one that failed. */
async function all(works: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(works)
  await Promise.all(works)
}

/** Jobs by task and seed, in order. */
function problems(jobs: readonly Job[]): Job[][] {
  const groups = new Map<string, Job[]>()
  for (const job of jobs) {
    const key = JSON.stringify([job.task.name, job.seed])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [job])
    else group.push(job)
  }
  return [...groups.values()]
}

/** Unsigned 32-bit hash (FNV-1a) of what identifies a step of an attempt. */
export function completionSeed(seed: number, job: Job, step: number): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(JSON.stringify([seed, job.task.name, job.seed, job.attempt, step]))) {
    hash = Math.imul(hash ^ byte, 0x01000193)
  }
  return hash >>> 0
}
