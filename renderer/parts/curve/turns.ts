/** Work that is too much for one frame together, shared out among the frames. */
import { useEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'

/** Milliseconds of a frame after which what still waits is left for the next one. */
const BUDGET = 8

type Queue = Map<object, () => void>

/** Takes work and does it in turn: in each frame as much as fits, and at least one piece; what is urgent comes first. */
export class Turns {
  readonly #urgent: Queue = new Map()
  readonly #others: Queue = new Map()
  readonly #nextFrame: (work: () => void) => void
  #asked = false

  /** `nextFrame` calls back with the next frame. */
  constructor(nextFrame: (work: () => void) => void = (work) => requestAnimationFrame(work)) {
    this.#nextFrame = nextFrame
  }

  /** Does this work when its turn comes, in place of what the same owner still waits for. */
  ask(owner: object, work: () => void, urgent = true): void {
    if (urgent) this.#others.delete(owner)
    else this.#urgent.delete(owner)
    ;(urgent ? this.#urgent : this.#others).set(owner, work)
    this.#wake()
  }

  /** Takes back what an owner waits for. */
  leave(owner: object): void {
    this.#urgent.delete(owner)
    this.#others.delete(owner)
  }

  #wake(): void {
    if (this.#asked || this.#urgent.size + this.#others.size === 0) return
    this.#asked = true
    this.#nextFrame(() => {
      this.#asked = false
      const end = performance.now() + BUDGET
      while (takeFirst(this.#urgent) || takeFirst(this.#others)) if (performance.now() >= end) break
      this.#wake()
    })
  }
}

/** Does what waits longest; false where nothing waits. */
function takeFirst(queue: Queue): boolean {
  for (const [owner, work] of queue) {
    queue.delete(owner)
    work()
    return true
  }
  return false
}

const turns = new Turns()

/** The latest value whose turn has come; `null` before the first has. What is `urgent` comes before all that is not. */
export function useInTurn<T>(value: T, urgent: boolean): T | null {
  const [owner] = useState(() => ({}))
  const [taken, setTaken] = useState<{ readonly value: T } | null>(null)
  const latest = useRef<{ readonly value: T } | null>(null)
  useEffect(() => {
    if (latest.current?.value === value) return
    const take = () => {
      latest.current = { value }
      // Flushed, or the budget would be measured before anything was drawn.
      flushSync(() => setTaken(latest.current))
    }
    turns.ask(owner, take, urgent)
    return () => turns.leave(owner)
  }, [owner, value, urgent])
  return taken === null ? null : taken.value
}
