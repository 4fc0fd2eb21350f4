/** A fault that is injected into the lab at work, and what must hold then. */
import type { Place } from '../campaign/place.ts'
import type { Undisturbed } from '../campaign/undisturbed.ts'

/** What faults are injected into. */
export interface Ground {
  /** Steps that were done without a fault, by name. */
  readonly steps: ReadonlyMap<string, Undisturbed>
  /** A fresh copy of the place before a step. */
  place(step: string): Place
  /** Seconds that something is held or stopped. */
  readonly pause: number
  /** At how many of a command's writes the disk is full. */
  readonly points: number
}

export interface Fault {
  readonly name: string
  readonly must: string
  /** Why it cannot be injected on this machine; null where it can. */
  readonly missing?: () => string | null
  /** Injects it. Returns what was seen, and each thing that does not hold. */
  inject(ground: Ground): Promise<Seen>
}

export interface Seen {
  readonly seen: string
  readonly wrong: readonly string[]
}
