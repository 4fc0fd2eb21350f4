import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { openSafetensors, readTensor } from '../checkpoint/safetensors.ts'
import { dequantize } from './blocks.ts'
import { bytesOf, GGUF_TYPES } from './types.ts'

const reference = await openSafetensors(fileURLToPath(new URL('blocks.safetensors', import.meta.url)), ['U8', 'F32'])

describe("dequantised to the bit as the gguf package's", () => {
  it.each(GGUF_TYPES)('%s', async (type) => {
    const entry = reference.entries.get(`${type}.blocks`)!
    const blocks = new Uint8Array(entry.end - entry.begin)
    await reference.read(entry, 0, blocks)
    const { data } = await readTensor(reference, reference.entries.get(`${type}.numbers`)!)
    expect(blocks.length).toBe(bytesOf(type, data.length))

    const numbers = new Float32Array(data.length)
    dequantize(type, blocks, numbers)
    expect(bits(numbers)).toEqual(bits(data))
  })

  it('refuses bytes that are not the numbers of whole blocks', () => {
    expect(() => dequantize('Q4_0', new Uint8Array(18), new Float32Array(31))).toThrow('18 bytes of Q4_0')
  })
})

/** The bits of numbers; one value for every NaN, whose other bits mean nothing. */
function bits(numbers: Float32Array): Uint32Array {
  return new Uint32Array(numbers.map((number) => (Number.isNaN(number) ? Number.NaN : number)).buffer)
}
