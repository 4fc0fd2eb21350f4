/** Spreads work over several frames where one frame is too short for it. */
import { useEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'

/** Milliseconds of work in a frame. What is left waits for the next frame. */
const BUDGET = 8

type Queue = Map<object, () => void>

/** A queue of work. Each frame does as much as fits, at least one piece, urgent work first. */
export class Turns {
  readonly #urgent: Queue = new Map()
  readonly #others: Queue = new Map()
  readonly #nextFrame: (work: () => void) => void
  #asked = false

  /** `nextFrame` calls its argument in the next frame. */
  constructor(nextFrame: (work: () => void) => void = (work) => requestAnimationFrame(work)) {
    this.#nextFrame = nextFrame
  }

  /** Queues work. It replaces work of the same owner that still waits. */
  ask(owner: object, work: () => void, urgent = true): void {
    if (urgent) this.#others.delete(owner)
    else this.#urgent.delete(owner)
    ;(urgent ? this.#urgent : this.#others).set(owner, work)
    this.#wake()
  }

  /** Removes the work of an owner from the queue. */
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

/** Does the work that has waited longest; false where the queue is empty. */
function takeFirst(queue: Queue): boolean {
  for (const [owner, work] of queue) {
    queue.delete(owner)
    work()
    return true
  }
  return false
}

const turns = new Turns()

/** The latest value whose turn has come; `null` before the first. Urgent values come first. */
export function useInTurn<T>(value: T, urgent: boolean): T | null {
  const [owner] = useState(() => ({}))
  const [taken, setTaken] = useState<{ readonly value: T } | null>(null)
  const latest = useRef<{ readonly value: T } | null>(null)
  useEffect(() => {
    if (latest.current?.value === value) return
    const take = () => {
      latest.current = { value }
      // Flushed at once, so that the budget measures the drawing too.
      flushSync(() => setTaken(latest.current))
    }
    turns.ask(owner, take, urgent)
    return () => turns.leave(owner)
  }, [owner, value, urgent])
  return taken === null ? null : taken.value
}
