/** The pages of keys and values on the card: who has them, and their buffers, one a layer, which grow as they are needed. */
import type { ModelConfig } from '../engine.ts'
import type { Gpu } from './device.ts'
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
    return this.#most - this.#users.length + this.#free.length
  }

  /** A page with one user. What is in it is not defined. */
  take(): number {
    const page = this.#free.pop() ?? this.#users.push(0) - 1
    this.#users[page] = 1
    return page
  }

  share(page: number): void {
    this.#users[page]!++
  }

  release(pages: readonly number[]): void {
    for (const page of pages) if (--this.#users[page]! === 0) this.#free.push(page)
  }

  layer(index: number): View {
    return whole(this.#memories[index]!)
  }

  /** Gives all pages that were taken their memory. What was in pages stays there. */
  async fit(gpu: Gpu): Promise<void> {
    const needed = this.#users.length
    const has = Math.min(...this.#memories.map(({ bytes, buffer }) => (buffer === null ? 0 : bytes)))
    if (has >= this.#bytes(needed)) return
    const bytes = this.#bytes(1)
    const fits = Math.floor(gpu.largestBuffer / bytes)
    const wanted = Math.max(needed, Math.min(this.#most, fits, Math.max(FEWEST, 2 * Math.round(has / bytes))))
    for (const [layer, larger] of this.#planned(wanted).entries()) {
      const smaller = this.#memories[layer]!
      if (smaller.buffer !== null && smaller.bytes >= larger.bytes) continue
      await gpu.allocate(larger)
      if (smaller.buffer !== null) gpu.copy(whole(smaller), whole(larger))
      this.#memories[layer] = larger
      gpu.free(smaller)
    }
  }

  /** Gives back all memory. No page may be in use. */
  clear(gpu: Gpu): void {
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

/** Pages that are allocated at first. */
const FEWEST = 64
