/** Records dispatches with their places in the arena, before anything runs. */
import type { Arena } from './arena.ts'
import { type Kernel, packParams } from './kernel.ts'
import type { View } from './memory.ts'

export interface Dispatch {
  readonly kernel: Kernel
  /** In the order of the kernel's bindings. */
  readonly views: readonly View[]
  readonly params: Uint8Array
  readonly groups: number
}

/** Bytes that are written before what follows is computed. */
export interface Upload {
  readonly view: View
  readonly data: ArrayBufferView<ArrayBuffer>
}

export type Item = { readonly dispatch: Dispatch } | { readonly upload: Upload } | { readonly clear: View }

/**
 * A recorded sequence of dispatches. What `allocate` returns holds anything until it is written. It is free to be used again
 * by what is recorded after `free`.
 */
export class Program {
  readonly arena: Arena
  #items: Item[] = []

  constructor(arena: Arena) {
    this.arena = arena
  }

  /** A place for so many 32-bit numbers. */
  allocate(count: number): View {
    return this.arena.allocate(4 * count)
  }

  free(...views: readonly View[]): void {
    for (const view of views) this.arena.free(view)
  }

  /** A place with these numbers in it. */
  hold(data: ArrayBufferView<ArrayBuffer>): View {
    const view = this.arena.allocate(data.byteLength)
    if (data.byteLength > 0) this.#items.push({ upload: { view, data } })
    return view
  }

  /** Sets a place to zeros. */
  clear(view: View): void {
    this.#items.push({ clear: view })
  }

  /** Runs a kernel in so many workgroups. */
  run<B extends string, P extends string>(
    kernel: Kernel<B, P>,
    views: Readonly<Record<B, View>>,
    params: Readonly<Record<P, number>>,
    groups: number,
  ): void {
    if (groups === 0) return
    const bound = (Object.keys(kernel.bindings) as B[]).map((name) => {
      const view: View | undefined = views[name]
      if (view === undefined) throw new Error(`${kernel.name}: the binding ${name} is missing.`)
      return view
    })
    this.#items.push({ dispatch: { kernel, views: bound, params: packParams(kernel, groups, params), groups } })
  }

  /** What was recorded since the last cut. */
  cut(): readonly Item[] {
    const items = this.#items
    this.#items = []
    return items
  }
}

/** The number of dispatches, by kernel. */
export function dispatches(items: readonly Item[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) {
    if (!('dispatch' in item)) continue
    const { name } = item.dispatch.kernel
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}
