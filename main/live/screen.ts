/** One page in the live view: what is played on it, and its pictures while somebody watches. */
import type { Answer, AnswerToken, Attempt, Programme } from '../agent/spectator.ts'
import type { Action } from '../environment/action.ts'
import type { Observation } from '../environment/observation.ts'
import type { Session } from '../environment/session.ts'
import type { Message } from '../messages/message.ts'
import type { Box, Ending } from '../store/episode.ts'
import { Screencast } from './screencast.ts'
import type { LiveAnswer, LiveScreen, Sight } from './state.ts'

/** An answer whose action was done. */
export interface Done extends Answer {
  readonly action: Action
}

/** The problem that is played. */
export interface Problem extends Pick<Attempt, 'task' | 'seed' | 'attempt'> {}

export class Screen {
  readonly id: string
  readonly kind: LiveScreen['kind']
  readonly #told: { changed(): void; pictured(): void }
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
  /** `Session.since` of the problem that is told; null without one. */
  #since: number | null = null
  /** From when on pictures show that problem. The page had painted it then. */
  #painted = Number.POSITIVE_INFINITY
  /** A picture of that problem, as JPEG in base64. */
  #picture: string | null = null
  #viewers = 0
  #note: Message | null = null

  /** `told` hears of every change of what is known, and of every new picture. */
  constructor(
    id: string,
    kind: LiveScreen['kind'],
    programme: Programme,
    problem: Problem,
    told: { changed(): void; pictured(): void },
  ) {
    this.id = id
    this.kind = kind
    this.#programme = programme
    this.#problem = problem
    this.#told = told
    this.#cast = new Screencast((jpeg, taken) => {
      // Between two problems a page is blank or shows its cover. It may also show one that is opened ahead of its attempts.
      if (this.#since === null || this.#session?.since !== this.#since || taken < this.#painted) return
      this.#picture = jpeg
      told.pictured()
    })
  }

  get problem(): Problem {
    return this.#problem
  }

  /** The actions done so far. The latest answer is among them, unless it is `held` before its action. */
  history(held: boolean): readonly Done[] {
    const given = held && this.#ending === undefined ? undefined : this.#answer?.given
    const now = given === undefined || given.action === null ? [] : [{ ...given, action: given.action }]
    return [...this.#done, ...now]
  }

  /** Whether there is a picture of the problem that is told. */
  get isPictured(): boolean {
    return this.#picture !== null
  }

  /** What viewers see. `held`: it waits for its viewers. */
  sight(held: boolean): Sight {
    return { screen: this.shown(held), jpeg: this.#picture }
  }

  /** The page shows a problem. */
  begin(programme: Programme, problem: Problem, session: Session, observation: Observation): void {
    this.#programme = programme
    this.#problem = problem
    this.#session = session
    this.#since = session.since
    this.#picture = null
    this.#instruction = observation.instruction
    this.#answers = 0
    this.#answer = undefined
    this.#drawn = NOTHING
    this.#done = []
    this.#ending = undefined
    this.#changed()
    this.#awaitPaint()
  }

  /** The page shows the same problem again, as it was at the start. */
  beginAgain(observation: Observation): void {
    if (this.#session !== undefined) this.begin(this.#programme, this.#problem, this.#session, observation)
  }

  /** The next answer has one more token. */
  draw(soFar: () => AnswerToken[]): void {
    // Every viewer is shown them, and decoding takes time.
    let told: AnswerToken[] | undefined
    this.#drawn = () => {
      told ??= soFar()
      return told
    }
    this.#changed()
  }

  /** An answer is complete; the action of the one before has been done. */
  answer(given: Answer): void {
    this.#done = [...this.history(false)]
    this.#answer = { given, box: null }
    this.#drawn = NOTHING
    this.#answers++
    this.#changed()
  }

  /**
   * Finds the place of the element that the answer acts on. Never throws: a failure of the page belongs to the attempt.
   */
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

  /** Playing on this page was broken off. */
  stop(fault: Message): void {
    if (this.#ending === undefined) this.end({ outcome: 'fault', fault, reward: 0 })
  }

  /** Tells something odd about the policy that plays here. */
  note(told: Message): void {
    this.#note = told
    this.#changed()
  }

  /** Counts a viewer of its pictures. Call the returned function once when the viewer leaves. */
  view(): () => void {
    this.#viewers++
    this.#follow()
    if (this.#viewers === 1) this.#awaitPaint()
    return () => {
      this.#viewers--
      this.#follow()
    }
  }

  /** Removes the screen. */
  close(): void {
    this.#viewers = Number.NEGATIVE_INFINITY
    this.#follow()
  }

  /** The screen as it is shown. `held`: it waits for its viewers. */
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
      note: this.#note,
    }
  }

  /** Lets no picture in until the page has painted its problem, then requests one: a page that waits for an action paints no other. */
  #awaitPaint(): void {
    this.#painted = Number.POSITIVE_INFINITY
    const session = this.#session
    const since = this.#since
    if (this.#viewers <= 0 || session === undefined) return
    session.painted().then(
      (painted) => {
        if (this.#session !== session || this.#since !== since) return
        this.#painted = painted
        this.#cast.refresh()
      },
      // The page is gone. Whoever plays on it tells that.
      () => {},
    )
  }

  #changed(): void {
    this.#follow()
    this.#told.changed()
  }

  #follow(): void {
    this.#cast.follow(this.#viewers > 0 ? this.#session?.page : undefined)
  }
}

const NOTHING = (): AnswerToken[] => []

/** A cache: token texts are slow to compute, and a screen is shown more often than it gets an answer. */
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
