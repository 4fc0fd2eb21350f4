/** Records how a person solves a problem, on a page whose pictures they see and to which their mouse and keys go. */
import { z } from 'zod'
import { formatCompletion, parseCompletion } from '../agent/grammar.ts'
import { promptMessages } from '../agent/prompt.ts'
import { EnvironmentFault } from '../chromium/fault.ts'
import { says } from '../config/demand.ts'
import { type Action, KEYS, LONGEST_TEXT } from '../environment/action.ts'
import type { Observation } from '../environment/observation.ts'
import type { Session, StepResult } from '../environment/session.ts'
import { UserError } from '../messages/error.ts'
import { type Message, message, type Say } from '../messages/message.ts'
import { BY_HAND, type GoldenSample } from '../preferences/golden.ts'
import { type Ending, endingMessage, isObstacle } from '../store/episode.ts'
import { Hand, type Input } from './hand.ts'
import type { Problem, Screen } from './screen.ts'
import { actionOn, heardInScript, type ScriptStep, scriptStep, withoutFocusing } from './script.ts'
import type { Recording } from './state.ts'

const ref = z.int().positive()
export const actionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('click'), ref }),
  z.strictObject({
    kind: z.literal('fill'),
    ref,
    text: z
      .string()
      .max(LONGEST_TEXT)
      .regex(/^[^\n]*$/, says('mustBeOneLine')),
  }),
  z.strictObject({ kind: z.literal('select'), ref, option: z.string() }),
  z.strictObject({ kind: z.literal('press'), key: z.enum(KEYS) }),
]) satisfies z.ZodType<Action>

/** Inputs that can make the page report an action. A mouse press may ask for the options of a select. */
const HEARD: readonly Input['type'][] = ['down', 'up', 'keydown']

/** Lends another page of the same browser, to replay the script. */
export type LendSession = <T>(work: (session: Session) => Promise<T>) => Promise<T>

export class Recorder {
  readonly screen: Screen
  readonly #problem: Problem
  readonly #session: Session
  readonly #lend: LendSession
  readonly #changed: () => void
  #observation: Observation
  #script: ScriptStep[] = []
  /** The greatest id of a step so far. */
  #lastId = 0
  #ask: number | undefined
  #samples: GoldenSample[] | undefined
  #over = false
  #said: Message | null = null
  readonly #hand = new Hand()
  /** The queue that keeps a person's inputs in order. */
  #queue: Promise<unknown> = Promise.resolve()

  constructor(screen: Screen, session: Session, opening: Observation, lend: LendSession, changed: () => void) {
    this.screen = screen
    this.#problem = screen.problem
    this.#session = session
    this.#lend = lend
    this.#changed = changed
    this.#observation = opening
  }

  /** Starts to listen, after repeating the given steps. */
  async begin(before: readonly Omit<ScriptStep, 'id'>[]): Promise<void> {
    await this.#replay(before)
    await this.#session.heard()
    this.#changed()
  }

  /** Undoes the last step: restarts the problem and repeats the earlier steps. */
  undo(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#script.length === 0) return
      const before = this.#script.slice(0, -1)
      this.#observation = await this.#session.reset(this.#problem.task, this.#problem.seed)
      this.#script = []
      this.#ask = undefined
      this.#samples = undefined
      this.#over = false
      this.screen.beginAgain(this.#observation)
      if ((await this.#replay(before)) && !this.#over) this.#say('recordUndone')
      if (!this.#over) await this.#session.heard()
      this.#changed()
    })
  }

  /** Repeats on the page what a person did to its picture. */
  input(input: Input): Promise<void> {
    return this.#inTurn(async () => {
      const page = this.#session.page
      if (page === undefined || this.#over) return
      await this.#hand.forward(page, input)
      if (HEARD.includes(input.type)) await this.#listen()
    })
  }

  /** Does one of the agent's actions. Throws UserError where the page does not allow it. */
  act(action: Action): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#over) throw new UserError('recordingOver')
      if (action.kind !== 'press' && !this.#observation.elements.some((element) => element.ref === action.ref)) {
        throw new UserError('refNotOnPage', { ref: action.ref })
      }
      this.#ask = undefined
      await this.#do(action)
      if (!this.#over) await this.#session.heard()
      this.#changed()
    })
  }

  /**
   * The golden samples, with the given thoughts in place of the recorded ones. Throws UserError where the task was not
   * solved.
   */
  samples(thoughts: readonly string[] = []): GoldenSample[] {
    if (this.#samples === undefined) {
      if (this.#said !== null) throw new UserError([this.#said])
      throw new UserError('recordingUnsolved')
    }
    return this.#samples.map((sample, i) => {
      const thought = thoughts[i]?.replace(/\s+/g, ' ').trim()
      if (thought === undefined || thought === '') return sample
      return { ...sample, completion: sample.completion.replace(/^Thought: [^\n]*/, () => `Thought: ${thought}`) }
    })
  }

  shown(): Recording {
    const asked = this.#observation.elements.find((element) => element.ref === this.#ask)
    return {
      elements: this.#observation.elements,
      steps: this.#script.map(({ id, thought, written }) => ({ id, thought, action: written })),
      ask: asked === undefined ? null : { ref: asked.ref, name: asked.name, options: asked.options ?? [] },
      ready: this.#samples !== undefined,
      said: this.#said,
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(work).catch((error: unknown) => {
      if (!(error instanceof EnvironmentFault)) throw error
      this.#end({ outcome: 'fault', fault: error.fault, reward: 0 })
      this.#say('recordBroken', { why: error.fault })
    })
    this.#queue = done.catch(() => {})
    return done
  }

  /** Adds what the page reports to the script, and reads the page's new state. */
  async #listen(): Promise<void> {
    const heard = await this.#session.heard()
    for (const one of heard) {
      if (one.kind === 'ask') this.#ask = one.ref
      else {
        this.#ask = undefined
        this.#keep(heardInScript(this.#script, one, this.#observation, this.#lastId + 1))
      }
    }
    await this.#take(await this.#session.look())
    this.#changed()
  }

  /** Does these steps as far as the page allows. Where it does not, reports that and returns false. */
  async #replay(steps: readonly (Omit<ScriptStep, 'id'> & { readonly id?: number })[]): Promise<boolean> {
    for (const step of steps) {
      const action = this.#over ? undefined : actionOn(step, this.#observation)
      if (action === undefined) {
        this.#say('recordMoved')
        return false
      }
      if (!(await this.#do(action, step))) return false
    }
    return true
  }

  /** Does an action and adds it to the script, with the `given` values. Returns whether the page allowed it. */
  async #do(action: Action, given: Partial<Pick<ScriptStep, 'id' | 'thought' | 'focuses'>> = {}): Promise<boolean> {
    const { id = this.#lastId + 1, thought, focuses } = given
    const step = { id, ...scriptStep(action, this.#observation, { thought, focuses }) }
    const result = await this.#session.step(action)
    const why = obstacleOf(result)
    if (why !== null) {
      this.#say('recordImpossible', { why })
      return false
    }
    this.#said = null
    this.#keep([...this.#script, step])
    await this.#take(result)
    return true
  }

  #keep(script: ScriptStep[]): void {
    this.#script = script
    this.#lastId = Math.max(this.#lastId, script.at(-1)?.id ?? 0)
  }

  async #take(result: StepResult): Promise<void> {
    if (!result.done) {
      this.#observation = result.observation
      return
    }
    const { ending } = result
    this.#end(ending)
    if (ending.outcome !== 'success') {
      this.#say('recordWrong', { reward: ending.reward })
      return
    }
    this.#say('recordAgain')
    await this.#verify()
  }

  #end(ending: Ending): void {
    this.#over = true
    this.#ask = undefined
    this.screen.end(ending)
  }

  /**
   * Replays the script on another page, as the agent would. The samples come from this replay if it solves the task.
   */
  async #verify(): Promise<void> {
    let why: Message | undefined
    for (const script of [withoutFocusing(this.#script), this.#script]) {
      const played = await this.#lend((session) => playScript(session, this.#problem, script))
      if ('samples' in played) {
        this.#script = script
        this.#samples = played.samples
        this.#say('recordDone')
        return
      }
      why = played
    }
    if (why !== undefined) this.#say('recordNotEnough', { why })
  }

  readonly #say: Say = (id, ...given) => {
    this.#said = message(id, ...given)
    this.#changed()
  }
}

/** Why the action could not be done; null where it was done. */
function obstacleOf({ ending }: StepResult): Message | null {
  return ending?.outcome === 'failure' && isObstacle(ending.reason) ? endingMessage(ending) : null
}

/** Plays a script from the beginning. Returns its steps as samples, or why it does not solve the problem. */
async function playScript(
  session: Session,
  { task, seed }: Problem,
  script: readonly ScriptStep[],
): Promise<{ readonly samples: GoldenSample[] } | Message> {
  const samples: GoldenSample[] = []
  const done: string[] = []
  try {
    let observation = await session.reset(task, seed)
    for (const [at, step] of script.entries()) {
      const action = actionOn(step, observation)
      if (action === undefined) {
        return message('againMissing', { element: `${step.target?.name} ${step.target?.role}`.trim(), step: at + 1 })
      }
      const { thought, written } = scriptStep(action, observation, { thought: step.thought })
      const completion = formatCompletion({ thought, action }, observation)
      const read = parseCompletion(completion, observation)
      if ('failure' in read)
        return message('againUnwritten', { step: at + 1, reason: message(`failure.${read.failure}`) })
      samples.push({
        prompt: promptMessages('compact', observation, done),
        completion,
        task: task.name,
        seed,
        step: at,
        source: BY_HAND,
      })
      done.push(written)
      const result = await session.step(action)
      if (result.ending?.outcome === 'success') return { samples }
      const why = obstacleOf(result)
      if (why !== null) return message('againImpossible', { step: at + 1, why })
      if (result.done) return message('againWrong', { step: at + 1 })
      observation = result.observation
    }
    return message('againEndless')
  } catch (error) {
    if (error instanceof EnvironmentFault) return message('againBroken', { why: error.fault })
    throw error
  }
}
