/** Gathers single requests for completions into batches: whatever waits when the engine is free goes in together. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Completion } from '../engine/engine.ts'

export interface Request {
  readonly prompt: Int32Array
  /** Seed of the completion's own stream of random numbers. */
  readonly seed: number
}

export interface BatcherOptions {
  /** Most completions of one call. */
  readonly limit: number
  /** How long the engine waits for more requests once one is there, in milliseconds. */
  readonly patience: number
}

interface Waiting extends Request {
  readonly resolve: (completion: Completion) => void
  readonly reject: (error: unknown) => void
}

export class Batcher {
  readonly #generate: (requests: readonly Request[]) => Promise<Completion[]>
  readonly #options: BatcherOptions
  #waiting: Waiting[] = []
  #busy = false

  constructor(generate: (requests: readonly Request[]) => Promise<Completion[]>, options: BatcherOptions) {
    this.#generate = generate
    this.#options = options
  }

  /** The completion of one prompt. Rejects with what the generation of its batch threw. */
  ask(prompt: Int32Array, seed: number): Promise<Completion> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ prompt, seed, resolve, reject })
      if (!this.#busy) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#busy = true
    while (this.#waiting.length > 0) {
      if (this.#waiting.length < this.#options.limit) await pause(this.#options.patience)
      const batch = this.#waiting.splice(0, this.#options.limit)
      try {
        const completions = await this.#generate(batch)
        batch.forEach(({ resolve }, i) => {
          resolve(completions[i]!)
        })
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#busy = false
  }
}
