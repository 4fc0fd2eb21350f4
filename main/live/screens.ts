/** The pages in use, who watches them, and their speed while somebody watches. */
import { createStore } from 'zustand/vanilla'
import type { Attempt, Audience, Programme, Spectator } from '../agent/spectator.ts'
import type { Session } from '../environment/session.ts'
import { UserError } from '../messages/error.ts'
import { type ControlChange, Gate } from './gate.ts'
import type { Look } from './look.ts'
import { Pictures } from './pictures.ts'
import { type Problem, Screen } from './screen.ts'
import type { Control, LiveScreen, LiveState, Played, Sight } from './state.ts'
import { Viewers } from './viewers.ts'

/** Shortest time from one problem to the next, over all screens that somebody looks at, in milliseconds. Nobody follows more. */
const TURN = 1000

export class Screens {
  /**
   * Counts the changes of all screens. The state itself is computed on request: a screen changes with every token, and
   * decoding takes time.
   */
  readonly changes = createStore<number>(() => 0)
  readonly #screens = new Map<string, Screen>()
  readonly #pictures = new Pictures(this.#screens, (screen) => screen.sight(this.isHeld(screen)))
  /** The viewers of runs, and those of played episodes. */
  readonly #viewers: Readonly<Record<Played, Viewers>>
  /** Those who can hold nothing back. */
  readonly #onlookers: Readonly<Record<Played, Viewers>>
  readonly #gates: Readonly<Record<Played, Gate>>
  readonly #generated: (tokens: number) => void
  #count = 0
  #jobPlays = false

  /**
   * `grace`: milliseconds after the last viewer has left until attempts are no longer delayed. `generated` hears how many tokens
   * models have generated.
   */
  constructor(grace: number, generated: (tokens: number) => void = () => {}) {
    this.#generated = generated
    const viewers = (of: Played) => new Viewers(grace, () => this.#recheck(of))
    this.#viewers = { job: viewers('job'), play: viewers('play') }
    this.#onlookers = { job: new Viewers(grace, () => {}), play: new Viewers(grace, () => {}) }
    this.#gates = {
      job: new Gate(() => this.#viewers.job.present, { delay: 0, paused: false }),
      play: new Gate(() => this.#viewers.play.present, { delay: 500, paused: false }),
    }
  }

  /** Counts a change of a screen or of its recording. */
  changed(): void {
    this.changes.setState((count) => count + 1)
  }

  // Looking

  get controls(): LiveState['controls'] {
    return { job: this.#gates.job.control, play: this.#gates.play.control }
  }

  /** How people hold the run back: they paused it, or it waits so many milliseconds before each action. */
  get pace(): Control {
    const { job } = this.#gates
    return { paused: job.pauses, delay: this.#jobPlays && job.closed ? job.control.delay : 0 }
  }

  /** Whether a run plays now. */
  get jobPlays(): boolean {
    return this.#jobPlays
  }

  /** How long viewers see a problem of a screen of this kind. Where attempts are slowed down, they see every one. */
  turnOf(kind: LiveScreen['kind']): number {
    if (kind === 'record' || this.#gates[kind].closed) return 0
    return TURN * this.all().filter(({ isSeen }) => isSeen).length
  }

  /** Every screen as it is shown, the oldest first. */
  shown(): Omit<LiveScreen, 'recording'>[] {
    return this.all().map((screen) => screen.shown(this.isHeld(screen)))
  }

  /**
   * Counts a viewer of a kind of playback. Call the returned function once when the viewer leaves. One who only `looks` sees the same, but
   * a delay or a pause of others does not last because of them.
   */
  enter(of: Played, looks = false): () => void {
    return (looks ? this.#onlookers : this.#viewers)[of].enter()
  }

  /** What is seen of these screens, or of all without `ids`, until `signal` is aborted. */
  sights(ids: readonly string[] | undefined, signal: AbortSignal, look?: Look): AsyncGenerator<Sight, void, undefined> {
    return this.#pictures.watch(ids, signal, look)
  }

  /** Sets the speed of a run or of a played episode. */
  control(of: Played, change: ControlChange): Control {
    const now = this.#gates[of].set(change)
    this.changed()
    return now
  }

  /** Lets one waiting screen do one action; without `screen` all that wait. */
  next(of: Played, screen?: string): void {
    this.#gates[of].pass(screen)
  }

  // Playing

  all(): Screen[] {
    return [...this.#screens.values()]
  }

  /** The screen with this id. Throws UserError where it was removed. */
  get(id: string): Screen {
    const screen = this.#screens.get(id)
    if (screen === undefined) throw new UserError('screenGone')
    return screen
  }

  /** Whether it waits for its viewers. */
  isHeld({ id, kind }: Screen): boolean {
    return kind !== 'record' && this.#gates[kind].isHeld(id)
  }

  add(kind: LiveScreen['kind'], programme: Programme, problem: Problem): Screen {
    const screen: Screen = new Screen(`${kind}-${++this.#count}`, kind, programme, problem, {
      changed: () => this.#changedOn(screen),
      pictured: () => this.#pictures.changed(screen),
      turn: () => this.turnOf(kind),
    })
    this.#screens.set(screen.id, screen)
    this.#pictures.added(screen)
    this.changed()
    return screen
  }

  /** Removes a screen. */
  remove(screen: Screen): void {
    screen.close()
    this.#screens.delete(screen.id)
    const { kind } = screen
    // A pause ends with the paused run, so that the next run starts without one.
    if (kind !== 'record' && !this.all().some((one) => one.kind === kind)) this.#gates[kind].set({ paused: false })
    this.changed()
  }

  /** Shows attempts on the screens that `screenOf` returns, and delays them while somebody watches. */
  spectator(of: Played, programme: Programme, screenOf: (attempt: Attempt) => Screen): Spectator {
    const gate = this.#gates[of]
    const isSeen = () => this.#viewers[of].present || this.#onlookers[of].present
    const hold = async (screen: Screen, signal: AbortSignal) => {
      const held = gate.hold(screen.id, signal)
      this.#changedOn(screen)
      await held
      this.#changedOn(screen)
    }
    return {
      get listens() {
        return isSeen()
      },
      generated: this.#generated,
      drawn: (attempt, soFar) => screenOf(attempt).draw(soFar),
      began: (attempt, observation) => screenOf(attempt).begin(programme, attempt, attempt.session, observation),
      decided: (attempt, answer, signal) => {
        const screen = screenOf(attempt)
        screen.answer(answer)
        if (!isSeen()) return undefined
        // Asking the page takes time. An action that does not wait, of a problem that nobody sees, needs no outline.
        return screen.waits && !gate.closed ? hold(screen, signal) : screen.outline().then(() => hold(screen, signal))
      },
      ended: (attempt, ending, signal) => {
        const screen = screenOf(attempt)
        screen.end(ending)
        return gate.closed ? hold(screen, signal) : undefined
      },
    }
  }

  /** Watches the pages of runs, one run after another, with a screen for each page. */
  audience(): Audience {
    const screens = new Map<Session, Screen>()
    const screenOf = (programme: Programme) => (attempt: Attempt) => {
      const known = screens.get(attempt.session)
      if (known !== undefined) return known
      const screen = this.add('job', programme, attempt)
      screens.set(attempt.session, screen)
      return screen
    }
    return {
      spectator: (programme) => {
        this.#play(true)
        return this.spectator('job', programme, screenOf(programme))
      },
      rest: () => this.#play(false),
      leave: () => {
        this.#play(false)
        for (const screen of screens.values()) this.remove(screen)
        screens.clear()
      },
    }
  }

  #play(now: boolean): void {
    if (this.#jobPlays === now) return
    this.#jobPlays = now
    this.changed()
  }

  #changedOn(screen: Screen): void {
    this.#pictures.changed(screen)
    this.changed()
  }

  #recheck(of: Played): void {
    this.#gates[of].recheck()
    this.changed()
  }
}
