/** One run of the addon's generation. Completions may join while it lasts. */
import { UserError } from '../../messages/error.ts'
import type { Joinable, OnToken } from '../calls.ts'
import type { AdapterName, Completion } from '../engine.ts'
import { type CompletionRequest, hasCode, type Inbox, loadAddon, type NativeEngine, type News } from './addon.ts'

export interface Request extends Omit<CompletionRequest, 'id' | 'streams'> {
  readonly onToken: OnToken
}

interface Asked {
  readonly tokens: number[]
  readonly logprobs: number[]
  readonly onToken: OnToken
  /** These settle the completion, once. */
  readonly resolve: (completion: Completion) => void
  readonly reject: (error: unknown) => void
}

export class Generation implements Joinable<Request> {
  readonly #inbox: Inbox = new (loadAddon().Inbox)()
  readonly #adapter: AdapterName
  readonly #asked = new Map<number, Asked>()
  #lastId = 0
  /** The engine while it runs this generation. */
  #running: NativeEngine | null = null
  /** Whether it was interrupted, so that nothing may join it. */
  #interrupted = false

  constructor(adapter: AdapterName) {
    this.#adapter = adapter
  }

  complete({ onToken, ...request }: Request, adapter: AdapterName, signal: AbortSignal): Promise<Completion> | null {
    if (adapter !== this.#adapter || this.#interrupted) return null
    const id = ++this.#lastId
    if (!this.#inbox.submit({ ...request, id, streams: onToken !== undefined })) return null
    return new Promise((resolve, reject) => {
      const cancel = () => {
        this.#inbox.cancel(id)
        this.#asked.get(id)?.reject(signal.reason)
        if (this.#asked.size === 0) this.#interrupt()
      }
      const settle = () => {
        this.#asked.delete(id)
        signal.removeEventListener('abort', cancel)
      }
      signal.addEventListener('abort', cancel)
      this.#asked.set(id, {
        tokens: [],
        logprobs: [],
        onToken,
        resolve: (completion) => {
          settle()
          resolve(completion)
        },
        reject: (error) => {
          settle()
          reject(error)
        },
      })
    })
  }

  /** Ends what nobody waits for any more: a long prompt would be read to the end of its chunk. */
  #interrupt(): void {
    this.#interrupted = true
    this.#running?.interrupt()
  }

  /** Completes all requests, including those that come meanwhile. */
  async run(native: NativeEngine): Promise<void> {
    this.#running = native
    try {
      await native.generate(this.#inbox, this.#adapter, (news) => {
        for (const each of news) this.#hear(each)
      })
    } catch (thrown) {
      const error = hasCode(thrown, 'LOGITS_NOT_FINITE') ? new UserError('logitsNotFinite') : thrown
      for (const { reject } of [...this.#asked.values()]) reject(error)
      throw error
    } finally {
      this.#running = null
    }
  }

  #hear({ id, tokens, logprobs, done, stopped }: News): void {
    const asked = this.#asked.get(id)
    if (asked === undefined) return
    try {
      tokens.forEach((token, i) => {
        asked.tokens.push(token)
        asked.logprobs.push(logprobs[i]!)
        asked.onToken?.(token, logprobs[i]!)
      })
    } catch (error) {
      this.#inbox.cancel(id)
      asked.reject(error)
      return
    }
    if (!done) return
    asked.resolve({
      tokens: Int32Array.from(asked.tokens),
      logprobs: Float32Array.from(asked.logprobs),
      stopped,
    })
  }
}
