/** Counts the viewers of a page. */

/** Counts viewers. After the last has left, it counts as present for a while, because a reloaded page returns. */
export class Viewers {
  readonly #grace: number
  readonly #changed: () => void
  #count = 0
  #leaving: NodeJS.Timeout | undefined

  /** `grace` in milliseconds. `changed` is called when the first viewer arrives, and when none is present any more. */
  constructor(grace: number, changed: () => void) {
    this.#grace = grace
    this.#changed = changed
  }

  get present(): boolean {
    return this.#count > 0 || this.#leaving !== undefined
  }

  /** Whether nobody is there at this moment. */
  get away(): boolean {
    return this.#count === 0
  }

  /** Counts a viewer. Call the returned function once when the viewer leaves. */
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
      // The process need not wait for this timer.
      this.#leaving.unref()
    }
  }
}
