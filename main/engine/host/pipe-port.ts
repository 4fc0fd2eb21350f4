/**
 * A port over two streams of bytes. A packet is the length of its text, the number of its arrays, the length of each
 * array (64-bit floats, little-endian), the text, and the arrays.
 */
import type { Readable, Writable } from 'node:stream'
import type { Packet } from './packet.ts'
import type { Port } from './port.ts'

const LENGTH = 8

export function pipePort(input: Readable, output: Writable): Port {
  const write = (bytes: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      output.write(bytes, (error) => (error ? reject(error) : resolve()))
    })
  return {
    async send({ text, arrays }: Packet) {
      const encoded = Buffer.from(text)
      const lengths = new Float64Array([encoded.length, arrays.length, ...arrays.map(({ byteLength }) => byteLength)])
      const parts = [new Uint8Array(lengths.buffer), encoded, ...arrays]
      // All are written at once, so that packets do not mix.
      await Promise.all(parts.map(write))
    },
    listen(hear) {
      const reading = packets(hear)
      reading.next()
      input.on('data', (bytes: Buffer) => {
        try {
          reading.next(bytes)
        } catch (error) {
          // Lengths that nobody has memory for, or an error of the listener: what follows is no packet.
          input.destroy(error instanceof Error ? error : new Error(String(error)))
        }
      })
    },
  }
}

/** Takes bytes as they come, and fills each array where it will stay. */
function* packets(hear: (text: string, buffers: readonly ArrayBuffer[]) => void): Generator<undefined, never, Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  function* take(length: number): Generator<undefined, ArrayBuffer, Buffer> {
    const buffer = new ArrayBuffer(length)
    const filled = new Uint8Array(buffer)
    for (let at = 0; at < length; ) {
      if (rest.length === 0) rest = yield
      const part = rest.subarray(0, length - at)
      filled.set(part, at)
      at += part.length
      rest = rest.subarray(part.length)
    }
    return buffer
  }
  for (;;) {
    const [textLength = 0, count = 0] = new Float64Array(yield* take(2 * LENGTH))
    const lengths = new Float64Array(yield* take(count * LENGTH))
    const text = Buffer.from(yield* take(textLength)).toString()
    const buffers: ArrayBuffer[] = []
    for (const length of lengths) buffers.push(yield* take(length))
    hear(text, buffers)
  }
}
