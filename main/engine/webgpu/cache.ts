/**
 * The pages of keys and values on the card: who has them, and their buffers, one a layer, which grow as they are needed. Whole
 * pages of prompts stay after their last use, and are found again by their content. So a web page that many attempts see, or that
 * the next step shows again, is computed once.
 */
import type { AdapterName, ModelConfig } from '../engine.ts'
import { type Gpu, OutOfDeviceMemory } from './device.ts'
import { PAGE } from './kernels/pages.ts'
import { type Memory, type View, whole } from './memory.ts'

/** The most bytes of keys and values, unless completions that run together need more; as of the native engine. */
export const CACHE_BYTES = 2 ** 29

/** Numbers of a page in a layer's cache. */
export function pageNumbers({ num_key_value_heads, head_dim }: ModelConfig): number {
  return 2 * num_key_value_heads * PAGE * head_dim
}

/** Pages that hold so many tokens. */
export function pagesFor(tokens: number): number {
  return Math.ceil(tokens / PAGE)
}

/** The cache of a layer as a kernel sees it. */
export function layerCache(label: string, config: ModelConfig, pages: number): Memory {
  return { label, bytes: 4 * pageNumbers(config) * pages, buffer: null }
}

export class PageCache {
  readonly #config: ModelConfig
  readonly #most: number
  /** How many have each page. */
  readonly #users: number[] = []
  #free: number[] = []
  /** Pages without users that can be found, the longest unused first. */
  readonly #idle = new Set<number>()
  /** The pages that can be found, by their keys, and their keys. */
  readonly #known = new Map<string, number>()
  readonly #keys = new Map<number, string>()
  /** The number of each page that can be found. Another content is another number. */
  readonly #numbers = new Map<number, number>()
  #lastNumber = 0
  #memories: Memory[]

  /** Holds about `bytes` at most, or more if more are in use at a time. */
  constructor(config: ModelConfig, bytes: number) {
    this.#config = config
    this.#most = Math.max(1, Math.floor(bytes / (4 * pageNumbers(config) * config.num_hidden_layers)))
    this.#memories = this.#planned(0)
  }

  /** Numbers of a page in a layer. */
  get numbers(): number {
    return pageNumbers(this.#config)
  }

  /** How many pages can be taken within the limit. */
  get available(): number {
    return this.#most - this.#users.length + this.#free.length + this.#idle.size
  }

  /** A page with one user. What is in it is not defined. */
  take(): number {
    const [oldest] = this.#idle
    if (this.#free.length === 0 && this.#users.length >= this.#most && oldest !== undefined) this.#forgetPage(oldest)
    const page = this.#free.pop() ?? this.#users.push(0) - 1
    this.#users[page] = 1
    return page
  }

  /**
   * The key of a page: it is found by the page before it, or the adapter for a prompt's first, and its tokens. Undefined if the
   * page before cannot be found.
   */
  keyOf(adapter: AdapterName, before: number | undefined, tokens: Int32Array): string | undefined {
    const from = before === undefined ? JSON.stringify(adapter) : this.#numbers.get(before)
    return from === undefined ? undefined : `${from} ${tokens.join()}`
  }

  /** The page with this key, with one more user. */
  find(key: string): number | undefined {
    const page = this.#known.get(key)
    if (page !== undefined) this.share(page)
    return page
  }

  /** Lets a page in use be found, unless another has its key. It must not change any more. */
  know(page: number, key: string): void {
    if (this.#known.has(key)) return
    this.#known.set(key, page)
    this.#keys.set(page, key)
    this.#numbers.set(page, ++this.#lastNumber)
  }

  share(page: number): void {
    this.#users[page]!++
    this.#idle.delete(page)
  }

  /** The last page is the first to be forgotten: it is of use only after the others. */
  release(pages: readonly number[]): void {
    for (const page of pages.toReversed()) {
      if (--this.#users[page]! > 0) continue
      if (this.#keys.has(page)) this.#idle.add(page)
      else this.#free.push(page)
    }
  }

  /** Lets no page be found any more: the weights have changed. */
  forget(): void {
    for (const page of [...this.#keys.keys()]) this.#forgetPage(page)
  }

  #forgetPage(page: number): void {
    this.#known.delete(this.#keys.get(page)!)
    this.#keys.delete(page)
    this.#numbers.delete(page)
    if (this.#idle.delete(page)) this.#free.push(page)
  }

  layer(index: number): View {
    return whole(this.#memories[index]!)
  }

  /** Gives all pages that were taken their memory. What was in pages stays there. Throws OutOfDeviceMemory. */
  async fit(gpu: Gpu): Promise<void> {
    for (const [layer, larger] of this.plan(gpu.largestBuffer).entries()) {
      const smaller = this.#memories[layer]!
      if (held(smaller) >= larger.bytes) continue
      await gpu.allocate(larger)
      if (smaller.buffer !== null) gpu.copy(whole(smaller), whole(larger))
      this.#memories[layer] = larger
      gpu.free(smaller)
    }
  }

  /** The memories, one a layer, that the pages taken so far need, where a buffer has at most so many bytes. */
  plan(largestBuffer: number): readonly Memory[] {
    const needed = this.#users.length
    const has = Math.min(...this.#memories.map(held))
    if (has >= this.#bytes(needed)) return this.#memories
    const bytes = this.#bytes(1)
    const fits = Math.floor(largestBuffer / bytes)
    if (needed > fits) throw new OutOfDeviceMemory(needed * bytes, 'keys and values of a layer')
    return this.#planned(Math.max(needed, Math.min(this.#most, fits, Math.max(FEWEST, 2 * Math.round(has / bytes)))))
  }

  /** Gives back all memory. No page may be in use. */
  clear(gpu: Gpu): void {
    this.forget()
    gpu.free(...this.#memories)
    this.#memories = this.#planned(0)
    this.#users.length = 0
    this.#free = []
  }

  #bytes(pages: number): number {
    return layerCache('', this.#config, pages).bytes
  }

  #planned(pages: number): Memory[] {
    return Array.from({ length: this.#config.num_hidden_layers }, (_, layer) =>
      layerCache(`keys and values ${layer}`, this.#config, pages),
    )
  }
}

function held({ bytes, buffer }: Memory): number {
  return buffer === null ? 0 : bytes
}

/** Pages that are allocated at first. */
const FEWEST = 64
