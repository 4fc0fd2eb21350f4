import { join } from 'node:path'
import { expect, test } from 'vitest'
import { widen } from '../checkpoint/dtype.ts'
import { openSafetensors } from '../checkpoint/safetensors.ts'
import { dequantize } from './blocks.ts'
import { encode } from './encode.ts'

async function quantized() {
  const file = await openSafetensors(join(import.meta.dirname, 'quantized.safetensors'), ['F32', 'U8'])
  const read = async (name: string) => {
    const entry = file.entries.get(name)!
    const bytes = new Uint8Array(entry.end - entry.begin)
    await file.read(entry, 0, bytes)
    return bytes
  }
  const numbers = widen(await read('numbers'), 'F32')
  const of = { F16: await read('F16'), BF16: await read('BF16'), Q8_0: await read('Q8_0') }
  await file.close()
  return { numbers, of }
}

test.each(['F16', 'BF16', 'Q8_0'] as const)('every byte of %s is what the gguf package makes', async (type) => {
  const { numbers, of } = await quantized()
  expect(Buffer.compare(encode('w', numbers, type), of[type])).toBe(0)
})

test('Q8_0 keeps what it can hold exactly', () => {
  const numbers = Float32Array.from({ length: 32 }, (_, i) => (i === 0 ? 127 : i - 16) / 64)
  const back = new Float32Array(32)
  dequantize('Q8_0', encode('w', numbers, 'Q8_0'), back)
  expect(back).toEqual(numbers)
})

test.each([
  ['F16', 65_520],
  ['BF16', 3.4e38],
  ['Q8_0', 65_520 * 127],
  ['F16', Number.NaN],
] as const)('%s refuses %f, which it cannot hold', (type, number) => {
  const numbers = new Float32Array(32)
  numbers[31] = number
  expect(() => encode('model.norm.weight', numbers, type)).toThrow(`model.norm.weight holds a number that ${type}`)
  numbers[31] = number / 2
  if (!Number.isNaN(number)) encode('model.norm.weight', numbers, type)
})
