/**
 * Generation with continuous batching (Yu et al. 2022, Orca): completions join between two passes and leave when they are done.
 * Equal prompts are computed once. Long prompts are computed a part at a time, so that running completions go on meanwhile. A
 * completion does not depend on what else is computed with it.
 */
import { UserError } from '../../messages/error.ts'
import type { Joinable, OnToken } from '../calls.ts'
import type { AdapterName, Completion, Sampling } from '../engine.ts'
import { uniformAt } from '../random.ts'
import type { Choices } from '../sampling.ts'
import type { Adapter } from './adapters.ts'
import type { Arena } from './arena.ts'
import { type PageCache, pagesFor } from './cache.ts'
import { type Drawn, readDrawn, recordContinuation, type Stretch } from './continuation.ts'
import type { Gpu } from './device.ts'
import { copyPages, PAGE } from './kernels/pages.ts'
import { ELEMENTS } from './kernels/rows.ts'
import { Program } from './program.ts'
import type { Model } from './step.ts'

/** The most rows of prompts that are computed together, and so between two tokens of what is running. */
export const PROMPT_ROWS = 512

/** One completion that is wanted. */
export interface Request {
  readonly prompt: Int32Array
  readonly sampling: Pick<Sampling, 'temperature' | 'top_p' | 'max_new_tokens' | 'stop_token_ids'>
  readonly seed: number
  /** Null for all tokens. */
  readonly choices: Choices | null
  readonly onToken: OnToken
}

interface Sequence {
  readonly request: Request
  readonly tokens: number[]
  readonly logprobs: number[]
  pages: number[]
  /** Tokens whose keys and values are in the pages. */
  length: number
  /** Whether nobody waits for it any more. */
  ended: boolean
  /** These settle the completion, once. */
  readonly resolve: (completion: Completion) => void
  readonly reject: (error: unknown) => void
}

/** A prompt that is being read, and the completions that want it. */
interface Reading {
  readonly prompt: Int32Array
  readonly sequences: Sequence[]
  readonly pages: number[]
  known: number
}

/** What a generation computes with. */
export interface Card {
  readonly gpu: Gpu
  readonly arena: Arena
  readonly model: Model
  readonly cache: PageCache
}

export class Generation implements Joinable<Request> {
  readonly #adapter: AdapterName
  #open = true
  #waiting: Sequence[] = []
  #reading: Reading[] = []
  #active: Sequence[] = []

  constructor(adapter: AdapterName) {
    this.#adapter = adapter
  }

  complete(request: Request, adapter: AdapterName, signal: AbortSignal): Promise<Completion> | null {
    if (adapter !== this.#adapter || !this.#open) return null
    return new Promise((resolve, reject) => {
      const cancel = () => sequence.reject(signal.reason)
      const settling =
        <V>(settle: (value: V) => void) =>
        (value: V) => {
          sequence.ended = true
          signal.removeEventListener('abort', cancel)
          settle(value)
        }
      const sequence: Sequence = {
        request,
        tokens: [],
        logprobs: [],
        pages: [],
        length: 0,
        ended: false,
        resolve: settling(resolve),
        reject: settling(reject),
      }
      signal.addEventListener('abort', cancel, { once: true })
      this.#waiting.push(sequence)
    })
  }

  /** Completes all requests, including those that come meanwhile. If it throws, `fail` has to be called. */
  async run(card: Card, adapter: Adapter | null): Promise<void> {
    while (this.#goesOn(card)) {
      this.#admit(card)
      await this.#readPrompts(card, adapter)
      await this.#decode(card, adapter)
    }
  }

  /** Rejects all completions with an error. Their pages stay taken. */
  fail(error: unknown): void {
    this.#open = false
    const read = this.#reading.flatMap(({ sequences }) => sequences)
    for (const sequence of [...this.#waiting, ...read, ...this.#active]) sequence.reject(error)
  }

  /** Forgets what has ended. Returns whether anything is left; if not, nothing can join any more. */
  #goesOn({ cache }: Card): boolean {
    const runs = ({ ended }: Sequence) => !ended
    this.#waiting = this.#waiting.filter(runs)
    for (const { pages, ended } of this.#active) if (ended) cache.release(pages)
    this.#active = this.#active.filter(runs)
    for (const reading of this.#reading) {
      reading.sequences.splice(0, reading.sequences.length, ...reading.sequences.filter(runs))
      if (reading.sequences.length === 0) cache.release(reading.pages)
    }
    this.#reading = this.#reading.filter(({ sequences }) => sequences.length > 0)
    this.#open = this.#waiting.length + this.#reading.length + this.#active.length > 0
    return this.#open
  }

  /** Starts reading the prompts of waiting completions, in order, as long as there are pages for all of their tokens. */
  #admit({ cache }: Card): void {
    let room = cache.available
    for (const { request, pages } of this.#active) room -= mostPages(request) - pages.length
    for (const { prompt, sequences, pages } of this.#reading) {
      for (const { request } of sequences) room -= mostPages(request)
      room += pages.length + (sequences.length - 1) * wholePages(prompt)
    }
    let busy = this.#active.length + this.#reading.length > 0
    while (this.#waiting.length > 0) {
      const [sequence] = this.#waiting as [Sequence]
      const { prompt } = sequence.request
      const same = this.#reading.find((reading) => reading.known === 0 && equal(reading.prompt, prompt))
      const need = mostPages(sequence.request) - (same === undefined ? 0 : wholePages(prompt))
      if (busy && need > room) return
      this.#waiting.shift()
      room -= need
      busy = true
      if (same === undefined) this.#reading.push({ prompt, sequences: [sequence], pages: [], known: 0 })
      else same.sequences.push(sequence)
    }
  }

  /**
   * Computes the next rows of the prompts that are being read, and begins the completions of those that end. Of prompts that go on
   * with the same page, one computes it, and the others find it later.
   */
  async #readPrompts(card: Card, adapter: Adapter | null): Promise<void> {
    const { cache } = card
    const parts: (Stretch & { readonly reading: Reading })[] = []
    const computed = new Set<string>()
    let rows = 0
    for (const reading of this.#reading) {
      const key = this.#findPages(cache, reading)
      if (key !== undefined && computed.has(key)) continue
      const { prompt, pages, known, sequences } = reading
      const left = prompt.length - known
      const room = PROMPT_ROWS - rows
      // Only whole pages can be found by others.
      const count = left <= room ? left : Math.floor(room / PAGE) * PAGE
      if (count === 0) break
      if (key !== undefined) computed.add(key)
      rows += count
      while (pages.length < pagesFor(known + count)) pages.push(cache.take())
      const draws = count === left ? sequences.map(drawOf) : []
      parts.push({ reading, tokens: prompt.subarray(known, known + count), before: known, pages, draws })
    }
    if (parts.length === 0) return
    const drawn = await this.#compute(card, adapter, parts, 'tiles')
    for (const { reading, tokens } of parts) {
      reading.known += tokens.length
      this.#knowPages(cache, reading)
    }
    const ending = parts.flatMap(({ reading, draws }) => (draws.length > 0 ? [reading] : []))
    await this.#branchOff(card, ending)
    this.#reading = this.#reading.filter((reading) => !ending.includes(reading))
    const began = ending.flatMap(({ sequences }) => sequences)
    this.#active.push(...began)
    this.#take(began, drawn)
  }

  /**
   * Finds whole pages with a prompt's next tokens. At least its last token is computed again, because its logits are needed. Returns
   * the key of the first page that is not there.
   */
  #findPages(cache: PageCache, reading: Reading): string | undefined {
    const { prompt, pages } = reading
    while (reading.known + PAGE < prompt.length) {
      const key = cache.keyOf(this.#adapter, pages.at(-1), prompt.subarray(reading.known, reading.known + PAGE))
      const page = key === undefined ? undefined : cache.find(key)
      if (page === undefined) return key
      pages.push(page)
      reading.known += PAGE
    }
    return undefined
  }

  /** Lets a prompt's whole pages be found. */
  #knowPages(cache: PageCache, { prompt, pages, known }: Reading): void {
    for (let index = 0; index < Math.floor(known / PAGE); index++) {
      const key = cache.keyOf(this.#adapter, pages[index - 1], prompt.subarray(index * PAGE, (index + 1) * PAGE))
      if (key !== undefined) cache.know(pages[index]!, key)
    }
  }

  /** Gives completions their prompt's pages. All share them, but for the last if the prompt ends within it. */
  async #branchOff({ gpu, arena, cache, model }: Card, ending: readonly Reading[]): Promise<void> {
    const pairs: number[] = []
    for (const { prompt, pages, sequences } of ending) {
      sequences.forEach((sequence, index) => {
        sequence.length = prompt.length
        sequence.pages = [...pages]
        if (index === 0) return
        const whole = wholePages(prompt)
        for (const page of pages.slice(0, whole)) cache.share(page)
        if (whole === pages.length) return
        const copy = cache.take()
        pairs.push(pages[whole]!, copy)
        sequence.pages[whole] = copy
      })
    }
    if (pairs.length === 0) return
    await cache.fit(gpu)
    arena.reset()
    const program = new Program(arena)
    const held = program.hold(Uint32Array.from(pairs))
    const params = { count: pairs.length / 2, numbers: cache.numbers }
    const groups = Math.ceil((params.count * params.numbers) / ELEMENTS)
    model.base.layers.forEach((_, layer) => {
      program.run(copyPages, { pairs: held, cache: cache.layer(layer) }, params, groups)
    })
    await gpu.fit(arena)
    await gpu.run(program.cut())
  }

  /** Computes every running completion's last token, and draws the next. */
  async #decode(card: Card, adapter: Adapter | null): Promise<void> {
    const running = this.#active.filter(({ ended }) => !ended)
    if (running.length === 0) return
    const stretches = running.map((sequence): Stretch => {
      const { tokens, length, pages } = sequence
      while (pages.length < pagesFor(length + 1)) pages.push(card.cache.take())
      return { tokens: [tokens.at(-1)!], before: length, pages, draws: [drawOf(sequence)] }
    })
    const drawn = await this.#compute(card, adapter, stretches, 'rows')
    for (const sequence of running) sequence.length++
    this.#take(running, drawn)
  }

  async #compute(
    { gpu, arena, model, cache }: Card,
    adapter: Adapter | null,
    stretches: readonly Stretch[],
    by: 'rows' | 'tiles',
  ): Promise<Drawn[]> {
    await cache.fit(gpu)
    arena.reset()
    const { items, drawn } = recordContinuation(model, arena, stretches, adapter, (layer) => cache.layer(layer), by)
    await gpu.fit(arena)
    await gpu.run(items)
    if (drawn === null) {
      await gpu.done()
      return []
    }
    const [bytes] = await gpu.read(drawn)
    return readDrawn(bytes!)
  }

  /** Adds a token to each completion, and settles those that are done. */
  #take(sequences: readonly Sequence[], drawn: readonly Drawn[]): void {
    sequences.forEach((sequence, index) => {
      const { request, tokens, logprobs } = sequence
      const { token, logprob, finite } = drawn[index]!
      if (sequence.ended) return
      if (!finite) throw new UserError('logitsNotFinite')
      tokens.push(token)
      logprobs.push(Math.fround(logprob))
      request.choices?.take(token)
      try {
        request.onToken?.(token, logprob)
      } catch (error) {
        sequence.reject(error)
        return
      }
      const { stop_token_ids, max_new_tokens } = request.sampling
      const stopped = stop_token_ids.includes(token)
      if (!stopped && tokens.length < max_new_tokens) return
      sequence.resolve({ tokens: Int32Array.from(tokens), logprobs: Float32Array.from(logprobs), stopped })
    })
  }
}

/** The most pages that a completion takes with its prompt. */
function mostPages({ prompt, sampling }: Request): number {
  return pagesFor(prompt.length + sampling.max_new_tokens)
}

/** The pages that a prompt fills, which its completions share. */
function wholePages(prompt: Int32Array): number {
  return Math.floor(prompt.length / PAGE)
}

function equal(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((token, index) => token === b[index])
}

function drawOf({ request, tokens }: Sequence) {
  const { temperature, top_p } = request.sampling
  return {
    temperature,
    top_p,
    uniform: uniformAt(request.seed, tokens.length),
    choices: request.choices?.next() ?? null,
  }
}
