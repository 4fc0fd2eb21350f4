/** The calls of an engine, which run one after the other. Only completions may join the last call, if that generates. */
import type { AdapterName, Completion, GenerateOptions } from './engine.ts'

/** A run of completions. `R` is what is asked of one. */
export interface Joinable<R> {
  /**
   * Completes one prompt. Returns null if it cannot join, because it wants another adapter or the run has ended. Rejects with the
   * signal's reason, or with the run's error.
   */
  complete(request: R, adapter: AdapterName, signal: AbortSignal): Promise<Completion> | null
}

export type OnToken = ((token: number, logprob: number) => void) | undefined

export class Calls<R> {
  #last: Promise<unknown> = Promise.resolve()
  /** The last call, if it generates. */
  #generation: Joinable<R> | null = null

  /** Runs work after all earlier work, even if that failed. */
  next<T>(work: () => Promise<T>): Promise<T> {
    this.#generation = null
    const result = this.#last.then(work)
    this.#last = result.catch(() => {})
    return result
  }

  /**
   * Completes prompts together, each by the request that `requestOf` makes of its index; all requests are made before the first
   * begins. What does not join the last generation begins one with `begin`, whose `run` computes it; if that fails, its completions
   * have to fail. If one fails, the others are cancelled.
   */
  async completeAll(
    count: number,
    adapter: AdapterName,
    { onToken, signal }: GenerateOptions,
    requestOf: (index: number, onToken: OnToken) => R,
    begin: () => { readonly generation: Joinable<R>; readonly run: () => Promise<void> },
  ): Promise<Completion[]> {
    signal?.throwIfAborted()
    const cancel = new AbortController()
    const either = signal === undefined ? cancel.signal : AbortSignal.any([signal, cancel.signal])
    const requests = Array.from({ length: count }, (_, prompt) =>
      requestOf(prompt, onToken && ((token, logprob) => onToken({ prompt, token, logprob }))),
    )
    const complete = (request: R): Promise<Completion> => {
      const joined = this.#generation?.complete(request, adapter, either) ?? null
      if (joined !== null) return joined
      const { generation, run } = begin()
      const completion = generation.complete(request, adapter, either)
      if (completion === null) throw new Error('A new generation takes no completion.')
      this.next(run).catch(() => {})
      this.#generation = generation
      return completion
    }
    try {
      return await Promise.all(requests.map(complete))
    } catch (error) {
      cancel.abort(error)
      throw error
    }
  }
}
