/** One page in the live view: what is played on it, and its pictures while somebody watches. */
import { isDeepStrictEqual } from 'node:util'
import type { Answer, AnswerToken, Attempt, Programme } from '../agent/spectator.ts'
import type { Action } from '../environment/action.ts'
import type { View } from '../environment/emulation.ts'
import type { Observation } from '../environment/observation.ts'
import type { Session } from '../environment/session.ts'
import type { Message } from '../messages/message.ts'
import type { Box, Ending } from '../store/episode.ts'
import { type Look, viewOf } from './look.ts'
import { Screencast } from './screencast.ts'
import type { LiveAnswer, LiveScreen, Sight } from './state.ts'

/** An answer whose action was done. */
export interface Done extends Answer {
  readonly action: Action
}

/** The problem that is played. */
export interface Problem extends Pick<Attempt, 'task' | 'seed' | 'attempt'> {}

/** What a screen tells, and what it asks. */
interface Told {
  /** Something that is known has changed. */
  changed(): void
  /** There is a new picture. */
  pictured(): void
  /** How long viewers see a problem before the page's next one, in milliseconds. */
  turn(): number
}

export class Screen {
  readonly id: string
  readonly kind: LiveScreen['kind']
  readonly #told: Told
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
  readonly #looks: { readonly look: Look }[] = []
  #closed = false
  /** What its pictures show, and of which page; undefined while nobody looks. */
  #shown: { readonly session: Session; readonly view: View; readonly end: () => void } | undefined
  #note: Message | null = null
  /** When viewers first saw the problem that they see, by `performance.now()`. */
  #turned = Number.NEGATIVE_INFINITY
  /** What viewers see of an earlier problem, while the present one waits for its turn. */
  #before: Sight | undefined
  #turn: NodeJS.Timeout | undefined

  constructor(id: string, kind: LiveScreen['kind'], programme: Programme, problem: Problem, told: Told) {
    this.id = id
    this.kind = kind
    this.#programme = programme
    this.#problem = problem
    this.#told = told
    this.#cast = new Screencast((jpeg, taken) => {
      // Between two problems a page is blank or shows its cover. It may also show one that is opened ahead of its attempts.
      const since = this.#session?.since ?? null
      if (since === null) this.#cast.rest()
      if (since === null || since !== this.#since || taken < this.#painted) return
      if (this.#picture === null) this.#turned = performance.now()
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

  /** Whether there is a picture of the problem that viewers see. */
  get isPictured(): boolean {
    return this.waits || this.#picture !== null
  }

  /** Whether somebody looks at its pictures. */
  get isSeen(): boolean {
    return this.#looks.length > 0 && !this.#closed
  }

  /** Whether the present problem waits for its turn: viewers still see an earlier one, whole. */
  get waits(): boolean {
    return this.#before !== undefined
  }

  /** What viewers see. `held`: it waits for its viewers. */
  sight(held: boolean): Sight {
    return this.#before ?? { screen: this.shown(held), jpeg: this.#picture }
  }

  /**
   * The page shows a problem. Where the one before has only just been seen, this one waits: pictures of problems that nobody
   * could follow would take the run's time.
   */
  begin(programme: Programme, problem: Problem, session: Session, observation: Observation): void {
    const wait = this.isSeen ? this.#turned + this.#told.turn() - performance.now() : 0
    this.#before = wait > 0 ? this.sight(false) : undefined
    clearTimeout(this.#turn)
    this.#programme = programme
    this.#problem = problem
    this.#session = session
    this.#since = session.since
    this.#picture = null
    this.#painted = Number.POSITIVE_INFINITY
    this.#instruction = observation.instruction
    this.#answers = 0
    this.#answer = undefined
    this.#drawn = NOTHING
    this.#done = []
    this.#ending = undefined
    this.#cast.rest()
    this.#changed()
    if (wait > 0) this.#turn = setTimeout(() => this.#takeTurn(), wait).unref()
    else this.#awaitPaint()
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
  view(look: Look): () => void {
    const viewer = { look }
    this.#looks.push(viewer)
    this.#follow()
    if (this.#looks.length === 1) this.#takeTurn()
    return () => {
      this.#looks.splice(this.#looks.indexOf(viewer), 1)
      this.#follow()
    }
  }

  /** Removes the screen. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#turn)
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

  /** Viewers see the present problem from now on. */
  #takeTurn(): void {
    this.#before = undefined
    this.#awaitPaint()
    this.#changed()
  }

  /** Lets no picture in until the page has painted its problem, then requests one: a page that waits for an action paints no other. */
  #awaitPaint(): void {
    this.#painted = Number.POSITIVE_INFINITY
    const session = this.#session
    const since = this.#since
    if (!this.isSeen || session === undefined) return
    session.painted().then(
      (painted) => {
        if (this.#session !== session || this.#since !== since) return
        this.#painted = painted
        this.#cast.run()
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
    const session = this.isSeen ? this.#session : undefined
    this.#show(session)
    this.#cast.follow(session?.page)
  }

  /** Lets pictures of this session's page show what viewers look at; undefined: of none. */
  #show(session: Session | undefined): void {
    const before = this.#shown
    const view = viewOf(this.#looks.map(({ look }) => look))
    if (before?.session === session && isDeepStrictEqual(before?.view, view)) return
    this.#shown = session === undefined ? undefined : { session, view, end: session.showView(view) }
    before?.end()
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
