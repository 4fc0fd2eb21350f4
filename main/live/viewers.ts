/** Whether somebody looks at a page. */

/** Counts viewers. After the last has gone they count as present for a while: a page that is reloaded comes back. */
export class Viewers {
  readonly #grace: number
  readonly #changed: () => void
  #count = 0
  #leaving: NodeJS.Timeout | undefined

  /** `grace` in milliseconds; `changed` is called when the first has come and when none is present any more. */
  constructor(grace: number, changed: () => void) {
    this.#grace = grace
    this.#changed = changed
  }

  get present(): boolean {
    return this.#count > 0 || this.#leaving !== undefined
  }

  /** Whether there is nobody at this instant. */
  get away(): boolean {
    return this.#count === 0
  }

  /** Somebody comes; the function that is returned is called once, when they go. */
  enter(): () => void {
    const first = !this.present
    clearTimeout(this.#leaving)
    this.#leaving = undefined
    this.#count++
    if (first) this.#changed()
    return () => {
      if (--this.#count > 0) return
      this.#leaving = setTimeout(() => {
        this.#leaving = undefined
        this.#changed()
      }, this.#grace)
      // The process may end before that.
      this.#leaving.unref()
    }
  }
}
