/**
 * The memory of what a call computes. A call is recorded before it runs (program.ts): recording allocates and frees, and so
 * finds how large the arena has to be. Then the same places are used on the card, so the plan is what runs.
 */
import { UserError } from '../../messages/error.ts'
import { gb } from '../../messages/gigabytes.ts'
import { ALIGNMENT, aligned, type View } from './memory.ts'

/** A free range, or the open end of a block. */
interface Gap {
  readonly block: number
  readonly start: number
  readonly end: number
}

export class Arena {
  /** One for each buffer that is needed; `bytes` is what recording has used so far. */
  readonly blocks: { label: string; bytes: number; buffer: GPUBuffer | null }[] = []
  /** The most bytes of a place. */
  readonly limit: number
  #gaps: Gap[] = []
  #used = 0
  #peak = 0

  /** An arena whose buffers have at most `limit` bytes. */
  constructor(limit: number) {
    this.limit = Math.floor(limit / ALIGNMENT) * ALIGNMENT
  }

  /** Bytes of all blocks together. */
  get bytes(): number {
    return this.blocks.reduce((sum, block) => sum + block.bytes, 0)
  }

  /** The most bytes that were in use at one time. `bytes` is more by what lies in gaps. */
  get peak(): number {
    return this.#peak
  }

  /** Frees everything for a new plan. The buffers stay, and serve it where they are large enough. */
  reset(): void {
    for (const block of this.blocks) block.bytes = 0
    this.#gaps = this.blocks.map((_, block) => ({ block, start: 0, end: this.limit }))
    this.#used = 0
    this.#peak = 0
  }

  /** Forgets the blocks, whose buffers the caller has freed. */
  clear(): void {
    this.blocks.length = 0
    this.reset()
  }

  /** A place for so many bytes: the smallest gap that has room. */
  allocate(bytes: number): View {
    const size = aligned(Math.max(bytes, 1))
    if (size > this.limit) throw new UserError('gpuBufferTooSmall', { needed: gb(bytes), most: gb(this.limit) })
    let best: Gap | null = null
    for (const gap of this.#gaps) {
      const room = gap.end - gap.start
      if (room >= size && (best === null || room < best.end - best.start)) best = gap
    }
    if (best === null) {
      this.blocks.push({ label: `arena ${this.blocks.length}`, bytes: 0, buffer: null })
      best = { block: this.blocks.length - 1, start: 0, end: this.limit }
      this.#gaps.push(best)
    }
    const { block, start, end } = best
    this.#gaps.splice(this.#gaps.indexOf(best), 1)
    if (start + size < end) this.#gaps.push({ block, start: start + size, end })
    const memory = this.blocks[block]!
    memory.bytes = Math.max(memory.bytes, start + size)
    this.#used += size
    this.#peak = Math.max(this.#peak, this.#used)
    return { memory, offset: start, bytes }
  }

  free({ memory, offset, bytes }: View): void {
    const block = this.blocks.indexOf(memory)
    let start = offset
    let end = offset + aligned(Math.max(bytes, 1))
    this.#used -= end - start
    const apart = this.#gaps.filter((gap) => {
      if (gap.block !== block) return true
      if (gap.start < end && gap.end > start) throw new Error('This place of the arena is free already.')
      if (gap.end !== start && gap.start !== end) return true
      start = Math.min(start, gap.start)
      end = Math.max(end, gap.end)
      return false
    })
    this.#gaps = [...apart, { block, start, end }]
  }
}
