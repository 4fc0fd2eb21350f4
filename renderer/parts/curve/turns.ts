/** Work that is too much for one frame together, shared out among the frames. */
import { useEffect, useState } from 'react'
import { flushSync } from 'react-dom'

/** Milliseconds of a frame after which what still waits is left for the next one. */
const BUDGET = 8

/** Takes work and does it in turn: in each frame as much as fits, and at least one piece. */
export class Turns {
  readonly #waiting = new Map<object, () => void>()
  readonly #nextFrame: (work: () => void) => void
  #asked = false

  /** `nextFrame` calls back with the next frame. */
  constructor(nextFrame: (work: () => void) => void = (work) => requestAnimationFrame(work)) {
    this.#nextFrame = nextFrame
  }

  /** Does this work when its turn comes, in place of what the same owner still waits for. */
  ask(owner: object, work: () => void): void {
    this.#waiting.set(owner, work)
    this.#wake()
  }

  /** Takes back what an owner waits for. */
  leave(owner: object): void {
    this.#waiting.delete(owner)
  }

  #wake(): void {
    if (this.#asked || this.#waiting.size === 0) return
    this.#asked = true
    this.#nextFrame(() => {
      this.#asked = false
      const began = performance.now()
      for (const [owner, work] of this.#waiting) {
        this.#waiting.delete(owner)
        work()
        if (performance.now() - began >= BUDGET) break
      }
      this.#wake()
    })
  }
}

const turns = new Turns()

/** The latest value whose turn has come; `null` before the first has. Nothing is taken while `wanted` is false. */
export function useInTurn<T>(value: T, wanted: boolean): T | null {
  const [owner] = useState(() => ({}))
  const [taken, setTaken] = useState<{ readonly value: T } | null>(null)
  useEffect(() => {
    // Flushed, or the budget would be measured before anything was drawn.
    if (wanted) turns.ask(owner, () => flushSync(() => setTaken({ value })))
    return () => turns.leave(owner)
  }, [owner, value, wanted])
  return taken === null ? null : taken.value
}
