/** Memory of the card as the engine sees it. A plan without a card has the same memory, but no buffers in it. */

/** A buffer, or the room for one. */
export interface Memory {
  readonly label: string
  readonly bytes: number
  /** Null in a plan, and before it is allocated. */
  buffer: GPUBuffer | null
}

/** A range of bytes of a memory. The offset is a multiple of ALIGNMENT. */
export interface View {
  readonly memory: Memory
  readonly offset: number
  readonly bytes: number
}

/** WebGPU's largest required alignment of a binding's offset. */
export const ALIGNMENT = 256

export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
}

/** The whole of a memory. */
export function whole(memory: Memory): View {
  return { memory, offset: 0, bytes: memory.bytes }
}

/** A part of a view. */
export function part(view: View, offset: number, bytes: number): View {
  if (offset % ALIGNMENT !== 0 || offset + bytes > view.bytes) {
    throw new RangeError(`${view.memory.label}: no ${bytes} bytes at ${offset} of ${view.bytes}.`)
  }
  return { memory: view.memory, offset: view.offset + offset, bytes }
}
