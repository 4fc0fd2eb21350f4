/** A signal that several callers can wait for. */

/** Wakes all waiting callers each time that `fire` is called. */
export class Signal {
  #waiting = new Set<() => void>()

  fire(): void {
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const wake of waiting) wake()
  }

  /** Resolves at the next `fire`, after `limit` milliseconds, or when `abort` is aborted, whichever comes first. */
  next(limit?: number, abort?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        abort?.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = limit === undefined ? undefined : setTimeout(wake, limit)
      this.#waiting.add(wake)
      if (abort?.aborted) wake()
      else abort?.addEventListener('abort', wake)
    })
  }
}
