/** Plays attempts: many at a time on a few pages. One model answers for all of them in batches. */
import { isDeepStrictEqual } from 'node:util'
import { EnvironmentFault } from '../chromium/fault.ts'
import type { AdapterName, Completion, DrawnToken } from '../engine/engine.ts'
import type { Environment } from '../environment/environment.ts'
import { triesFor } from '../environment/fault.ts'
import { acceptsOf, type Observation, renderPage } from '../environment/observation.ts'
import type { Session } from '../environment/session.ts'
import type { Task } from '../environment/tasks.ts'
import { UserError } from '../messages/error.ts'
import type { Ending, Episode, Step } from '../store/episode.ts'
import { formatAction, parseCompletion } from './grammar.ts'
import type { AgentModel } from './model.ts'
import { userMessage } from './prompt.ts'
import type { Answer, AnswerToken, Spectator } from './spectator.ts'

/** One attempt to play. */
export interface Job {
  readonly task: Task
  /** Seed of the page's problem. */
  readonly seed: number
  readonly attempt: number
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
}

/** The parts of an environment and a model that rollouts need. Tests give scripted ones. */
export type Playground = Pick<Environment, 'pages' | 'use'>
export type Policy = Pick<AgentModel, 'promptTokens' | 'completionText' | 'constraint' | 'generate'>

/** For each page, the number of problems with attempts in progress. */
const PROBLEMS_PER_PAGE = 4

/**
 * Plays all jobs and returns their episodes in the order of the jobs. An episode that the browser or its page breaks is
 * played again when the others are over, as often as `triesFor` allows. The same job gives the same episode each time, because it
 * draws from random streams of its own. Failures of pages and completions do not throw; they are in the episode's
 * outcome. When cancelled, throws the signal's reason; episodes that ended before have gone
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
  const player = new Player(model, { ...options, signal })

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
      const opening = options.ahead === false ? null : await player.observe(environment, task, seed)
      const answers = opening === null ? [] : await player.ask(opening, [], problem, 0)
      await all(
        problem.map(async (job, i) => {
          const answer = answers[i]
          const known = opening === null || answer === undefined ? null : { opening, answer }
          const episode = await environment.use(task, (session) => player.play(session, job, known))
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

/** A first answer that was generated before its attempt had a page, and the page that it answers. */
interface Opening {
  readonly opening: Observation
  readonly answer: Completion
}

/** An attempt in progress. */
interface Playing extends Job {
  readonly session: Session
  readonly steps: Step[]
  /** How long a spectator has delayed it, in milliseconds. */
  held: number
}

class Player {
  readonly #model: Policy
  readonly #options: RolloutOptions & { readonly signal: AbortSignal }

  constructor(model: Policy, options: RolloutOptions & { readonly signal: AbortSignal }) {
    this.#model = model
    this.#options = options
  }

  /**
   * The first page of a problem. Every attempt with the same seed starts with this page, so the model can generate the
   * first answers of all attempts together, before they need pages. Null where the page failed.
   */
  async observe(environment: Playground, task: Task, seed: number): Promise<Observation | null> {
    try {
      return await environment.use(task, (session) => session.reset(task, seed))
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
    const { signal, adapter } = this.#options
    const { seed, temperature, top_p, max_new_tokens, constrained } = this.#options.sampling
    const prompt = this.#model.promptTokens(observation, done)
    const constraint = constrained ? this.#model.constraint(observation, max_new_tokens) : null
    try {
      return await this.#model.generate(
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
  async play(session: Session, job: Job, known: Opening | null): Promise<Episode> {
    const { spectator, signal } = this.#options
    const began = performance.now()
    const playing: Playing = { ...job, session, steps: [], held: 0 }
    let instruction = known?.opening.instruction ?? ''
    let ending: Ending
    signal.throwIfAborted()
    try {
      const first = await session.reset(job.task, job.seed)
      instruction = first.instruction
      spectator?.began(playing, first)
      ending = await this.#steps(playing, first, known)
    } catch (error) {
      if (!(error instanceof EnvironmentFault)) throw error
      // Stopping may close the browser. That is not recorded as a fault, because a resumed run plays the attempt again.
      signal.throwIfAborted()
      ending = { outcome: 'fault', fault: error.fault, reward: 0 }
    }
    const duration = performance.now() - began - playing.held
    await spectator?.ended(playing, ending, signal)
    const { seed, attempt } = job
    return { task: job.task.name, seed, attempt, instruction, ...ending, steps: playing.steps, duration }
  }

  /** Decides and acts until the episode ends. Adds each step to `steps`. */
  async #steps(playing: Playing, first: Observation, known: Opening | null): Promise<Ending> {
    const { session, steps } = playing
    const done: string[] = []
    let observation = first
    for (let step = 0; step < (this.#options.maxSteps ?? playing.task.horizon); step++) {
      const foreseen = step === 0 && known !== null && samePage(known.opening, observation)
      const completion = foreseen
        ? known.answer
        : (await this.ask(observation, done, [playing], step, this.#listener(playing)))[0]!
      const text = this.#model.completionText(completion.tokens)
      const parsed = completion.stopped ? parseCompletion(text, observation) : CUT
      const { thought, action } = 'decision' in parsed ? parsed.decision : NO_DECISION
      const written = action === null ? '' : formatAction(action, observation)
      const shot = this.#options.pictures ? await session.shot(action) : undefined
      steps.push({
        page: renderPage(observation),
        prompt: userMessage(observation, done),
        completion: text,
        tokens: [...completion.tokens],
        logprob: completion.logprobs.reduce((sum, logprob) => sum + logprob, 0),
        thought,
        action: written,
        ...(shot === undefined ? {} : { shot }),
      })
      const tokens = () => answerTokens(completion, (part) => this.#model.completionText(part))
      await this.#show(playing, { observation, text, thought, written, action, tokens })
      if ('failure' in parsed) return { outcome: 'failure', reason: parsed.failure, reward: 0 }
      const result = await session.step(parsed.decision.action)
      if (result.done) return result.ending
      done.push(written)
      observation = result.observation
    }
    return { outcome: 'failure', reason: 'steps', reward: 0 }
  }

  /** Shows an answer to the spectator before the agent acts on it. */
  async #show(playing: Playing, answer: Answer): Promise<void> {
    const { spectator, signal } = this.#options
    const hold = spectator?.decided(playing, answer, signal)
    if (hold === undefined) return
    const began = performance.now()
    await hold
    playing.held += performance.now() - began
  }
}

function isTooLong(error: unknown): error is UserError {
  return error instanceof UserError && error.messages[0]?.id === 'promptTooLong'
}

/** The outcome of an answer that reached the token limit. */
const CUT = { failure: 'length' } as const
/** Stands for the decision of an answer without an action. */
const NO_DECISION = { thought: '', action: null }

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

/** Whether a model reads the same of two pages, and may do the same on them. */
function samePage(a: Observation, b: Observation): boolean {
  return (
    a.instruction === b.instruction &&
    renderPage(a) === renderPage(b) &&
    isDeepStrictEqual(a.elements.map(acceptsOf), b.elements.map(acceptsOf))
  )
}

/** Unsigned 32-bit hash (FNV-1a) of what identifies a step of an attempt. */
export function completionSeed(seed: number, job: Job, step: number): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(JSON.stringify([seed, job.task.name, job.seed, job.attempt, step]))) {
    hash = Math.imul(hash ^ byte, 0x01000193)
  }
  return hash >>> 0
}
