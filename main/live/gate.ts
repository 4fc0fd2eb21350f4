/** Delays attempts so that people can follow: slow motion, pause, one step at a time. */
import { Signal } from './signal.ts'
import type { Control } from './state.ts'

/** A change of the control. Values that are left out stay. */
export interface ControlChange {
  readonly delay?: number | undefined
  readonly paused?: boolean | undefined
}

export class Gate {
  readonly #watched: () => boolean
  readonly #changed = new Signal()
  readonly #held = new Set<string>()
  readonly #passes = new Set<string>()
  #control: Control

  /** `watched` tells whether somebody watches: only then are attempts delayed. `control` is the first setting. */
  constructor(watched: () => boolean, control: Control) {
    this.#watched = watched
    this.#control = control
  }

  get control(): Control {
    return this.#control
  }

  /** Changes the given values. They apply at once to attempts that wait. */
  set(control: ControlChange): Control {
    const { delay, paused } = this.#control
    this.#control = { delay: control.delay ?? delay, paused: control.paused ?? paused }
    this.#changed.fire()
    return this.#control
  }

  /** Lets one waiting attempt do one action; without `screen` all that wait. */
  pass(screen?: string): void {
    for (const held of this.#held) if (screen === undefined || held === screen) this.#passes.add(held)
    this.#changed.fire()
  }

  /**
   * Checks again whether somebody watches. A pause ends when nobody does, because the next viewer would not know of it.
   */
  recheck(): void {
    if (!this.#watched()) this.#control = { ...this.#control, paused: false }
    this.#changed.fire()
  }

  /** Whether an action would have to wait. */
  get closed(): boolean {
    return this.#watched() && (this.#control.paused || this.#control.delay > 0)
  }

  /** Whether somebody has paused the attempts. */
  get pauses(): boolean {
    return this.#control.paused && this.#held.size > 0
  }

  isHeld(screen: string): boolean {
    return this.#held.has(screen)
  }

  /** Resolves once the screen may go on. Rejects with the signal's reason. */
  async hold(screen: string, signal: AbortSignal): Promise<void> {
    const began = performance.now()
    this.#held.add(screen)
    try {
      while (this.closed && !this.#passes.has(screen)) {
        signal.throwIfAborted()
        const left = this.#control.paused ? undefined : began + this.#control.delay - performance.now()
        if (left !== undefined && left <= 0) return
        await this.#changed.next(left, signal)
      }
      signal.throwIfAborted()
    } finally {
      this.#held.delete(screen)
      this.#passes.delete(screen)
    }
  }
}
