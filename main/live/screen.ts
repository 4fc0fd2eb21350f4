/** One page as the live view shows it: what is played on it now, and its pictures while somebody looks at them. */
import type { Answer, AnswerToken, Attempt, Programme } from '../agent/spectator.ts'
import type { Action } from '../environment/action.ts'
import type { Observation } from '../environment/observation.ts'
import type { Session } from '../environment/session.ts'
import type { Message } from '../messages/message.ts'
import type { Box, Ending } from '../store/episode.ts'
import { Screencast } from './screencast.ts'
import type { Frame, LiveAnswer, LiveScreen } from './state.ts'

/** An answer that was acted on. */
export interface Done extends Answer {
  readonly action: Action
}

/** The problem that is played. */
export interface Problem extends Pick<Attempt, 'task' | 'seed' | 'attempt'> {}

/** What listens to a screen: its state and its pictures. */
export interface Listener {
  changed(): void
  framed(frame: Frame): void
}

export class Screen {
  readonly id: string
  readonly kind: LiveScreen['kind']
  readonly #listener: Listener
  readonly #cast: Screencast
  #programme: Programme
  #problem: Problem
  #session: Session | undefined
  #instruction = ''
  #answers = 0
  #answer: { readonly given: Answer; readonly box: Box | null } | undefined
  #drawn: () => AnswerToken[] = NOTHING
  #done: Done[] = []
  #ending: Ending | undefined
  #frame: Frame | undefined
  #viewers = 0

  constructor(id: string, kind: LiveScreen['kind'], programme: Programme, problem: Problem, listener: Listener) {
    this.id = id
    this.kind = kind
    this.#programme = programme
    this.#problem = problem
    this.#listener = listener
    this.#cast = new Screencast((jpeg, taken) => {
      // Between two problems a page is blank or shows its cover: the last picture stays until the next problem is there.
      const since = this.#session?.since ?? null
      if (since === null || taken < since) return
      this.#frame = { screen: id, jpeg, at: Date.now() }
      listener.framed(this.#frame)
    })
  }

  get problem(): Problem {
    return this.#problem
  }

  /** What was done on it so far. The latest answer is among it, unless it is `held` before it is acted on. */
  history(held: boolean): readonly Done[] {
    const given = held && this.#ending === undefined ? undefined : this.#answer?.given
    const now = given === undefined || given.action === null ? [] : [{ ...given, action: given.action }]
    return [...this.#done, ...now]
  }

  /** The latest picture; undefined before there was one. */
  get frame(): Frame | undefined {
    return this.#frame
  }

  /** A problem stands on the page. */
  begin(programme: Programme, problem: Problem, session: Session, observation: Observation): void {
    this.#programme = programme
    this.#problem = problem
    this.#session = session
    this.#instruction = observation.instruction
    this.#answers = 0
    this.#answer = undefined
    this.#drawn = NOTHING
    this.#done = []
    this.#ending = undefined
    this.#changed()
  }

  /** The same problem stands on its page once more, as it was in the beginning. */
  beginAgain(observation: Observation): void {
    if (this.#session !== undefined) this.begin(this.#programme, this.#problem, this.#session, observation)
  }

  /** One more token of the next answer was drawn. */
  draw(soFar: () => AnswerToken[]): void {
    this.#drawn = soFar
    this.#changed()
  }

  /** An answer was given; the one before it has been acted on. */
  answer(given: Answer): void {
    this.#done = [...this.history(false)]
    this.#answer = { given, box: null }
    this.#drawn = NOTHING
    this.#answers++
    this.#changed()
  }

  /** Finds where the element stands that the answer acts on. Never throws: the page's own failure is its attempt's. */
  async outline(): Promise<void> {
    const answer = this.#answer
    const ref = answer === undefined ? null : refOf(answer.given.action)
    if (answer === undefined || ref === null) return
    const box = await this.#session?.box(ref).catch(() => null)
    if (this.#answer === answer) this.#answer = { ...answer, box: box ?? null }
    this.#changed()
  }

  end(ending: Ending): void {
    this.#drawn = NOTHING
    this.#ending = ending
    this.#changed()
  }

  /** What was played on it has broken off. */
  stop(fault: Message): void {
    if (this.#ending === undefined) this.end({ outcome: 'fault', fault, reward: 0 })
  }

  /** Somebody looks at its pictures; the function that is returned is called once, when they go. */
  view(): () => void {
    this.#viewers++
    this.#follow()
    return () => {
      this.#viewers--
      this.#follow()
    }
  }

  /** It is taken down. */
  close(): void {
    this.#viewers = Number.NEGATIVE_INFINITY
    this.#follow()
  }

  /** As it is shown; `held`: it waits for its viewers. */
  shown(held: boolean): Omit<LiveScreen, 'recording'> {
    const { task, seed, attempt } = this.#problem
    return {
      id: this.id,
      kind: this.kind,
      ...this.#programme,
      task: task.name,
      title: task.title,
      seed,
      attempt,
      instruction: this.#instruction,
      step: this.#answers,
      horizon: task.horizon,
      status: this.#ending?.outcome ?? (held ? 'held' : 'playing'),
      ending: this.#ending ?? null,
      answer: this.#answer === undefined ? null : shownAnswer(this.#answer.given, this.#answer.box),
      drawn: this.#drawn(),
      done: this.history(true).map(({ written }) => written),
    }
  }

  #changed(): void {
    this.#follow()
    this.#listener.changed()
  }

  #follow(): void {
    this.#cast.follow(this.#viewers > 0 ? this.#session?.page : undefined)
  }
}

const NOTHING = (): AnswerToken[] => []

/** Token texts take time to find out, and a screen is shown more often than it gets an answer. */
const shownAnswers = new WeakMap<Answer, LiveAnswer>()

function shownAnswer(given: Answer, box: Box | null): LiveAnswer {
  const { thought, text, written, action } = given
  const known = shownAnswers.get(given) ?? {
    thought,
    text,
    action: written,
    tokens: given.tokens(),
    ref: refOf(action),
    box: null,
  }
  shownAnswers.set(given, known)
  return { ...known, box }
}

function refOf(action: Action | null): number | null {
  return action === null || action.kind === 'press' ? null : action.ref
}
