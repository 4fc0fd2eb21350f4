/** A door for many at a time, or for one alone. */
export class Door {
  #inside = 0
  #isAlone = false
  readonly #waiting: { readonly alone: boolean; readonly enter: () => void }[] = []

  /** Waits for its turn, in the order of arrival. `leave` has to follow. */
  async enter(alone: boolean): Promise<void> {
    await new Promise<void>((enter) => {
      this.#waiting.push({ alone, enter })
      this.#open()
    })
  }

  leave(): void {
    this.#inside--
    this.#isAlone = false
    this.#open()
  }

  #open(): void {
    for (;;) {
      const [next] = this.#waiting
      if (next === undefined || this.#isAlone || (next.alone && this.#inside > 0)) return
      this.#waiting.shift()
      this.#inside++
      this.#isAlone = next.alone
      next.enter()
    }
  }
}
