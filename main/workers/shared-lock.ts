/** A lock that many hold at a time, or one alone. */
export class SharedLock {
  #holders = 0
  #isExclusive = false
  readonly #waiting: { readonly exclusive: boolean; readonly granted: () => void }[] = []

  /** Waits for its turn, in the order of arrival. `release` has to follow. */
  async acquire(exclusive: boolean): Promise<void> {
    await new Promise<void>((granted) => {
      this.#waiting.push({ exclusive, granted })
      this.#grant()
    })
  }

  release(): void {
    this.#holders--
    this.#isExclusive = false
    this.#grant()
  }

  #grant(): void {
    for (;;) {
      const [next] = this.#waiting
      if (next === undefined || this.#isExclusive || (next.exclusive && this.#holders > 0)) return
      this.#waiting.shift()
      this.#holders++
      this.#isExclusive = next.exclusive
      next.granted()
    }
  }
}
