/** Numbers in every format: to the bit those of bitsandbytes and of the native engine; products of them in double precision. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeNative } from '../../../../testing/native.ts'
import { randomModel } from '../../../../testing/random-model.ts'
import { softwareDevice } from '../../../../testing/software-device.ts'
import { Bench, describeWebGpu, expectNear, picker, randomFloats } from '../../../../testing/webgpu.ts'
import { readSafetensors } from '../../checkpoint/safetensors.ts'
import { qwen2 } from '../../families.ts'
import { createNativeEngine } from '../../native/engine.ts'
import { ELEMENTS, embed } from '../kernels/rows.ts'
import { F32, type Matrix, memoriesOf, planMatrix, type WeightFormat } from '../matrix.ts'
import type { Memory } from '../memory.ts'
import { matrixProduct, matrixProductBackward } from '../products.ts'
import type { Upload } from '../program.ts'
import { FORMATS } from './formats.ts'
import { BF16, F16 } from './halves.ts'
import { INT8 } from './int8.ts'
import { NF4 } from './nf4.ts'
import { NotFinite } from './pieces.ts'

const ALL = [F32, F16, BF16, INT8, NF4]

/** A matrix of some tensors, whose arrays are in this process. Pieces have `step` rows. */
function encoded(
  format: WeightFormat,
  numbers: Float32Array,
  tensors: readonly number[],
  columns: number,
  { limit = 2 ** 30, step = 2 ** 30 }: { limit?: number; step?: number } = {},
): { matrix: Matrix; arrays: Record<string, ArrayBuffer>[] } {
  const matrix = planMatrix('W', format, tensors, columns, limit)
  const bytes = new Map<Memory, ArrayBuffer>(
    memoriesOf(matrix).map((memory) => [memory, new Uint32Array(memory.bytes / 4).fill(0xdeadbeef).buffer]),
  )
  const encoder = format.encoder(matrix)
  const write = (uploads: readonly Upload[]) => {
    for (const { view, data } of uploads) {
      const from = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      new Uint8Array(bytes.get(view.memory)!).set(from, view.offset)
    }
  }
  let row = 0
  for (const rows of tensors) {
    const end = row + rows
    for (; row < end; row += step) {
      write(encoder.add(numbers.slice(row * columns, Math.min(row + step, end) * columns)))
    }
    row = end
    write(encoder.end())
  }
  const arrays = matrix.parts.map((part) =>
    Object.fromEntries(Object.entries(part.arrays).map(([name, { memory }]) => [name, bytes.get(memory)!])),
  )
  return { matrix, arrays }
}

function decoded(...[format, ...rest]: Parameters<typeof encoded>): Float32Array {
  const { matrix, arrays } = encoded(format, ...rest)
  const parts = matrix.parts.map(({ rows }, i) => format.decode(rows, matrix.columns, arrays[i]!))
  return Float32Array.from(parts.flatMap((part) => [...part]))
}

describe('formats of weights', () => {
  test('NF4 gives bitsandbytes’ numbers to the last bit', async () => {
    // bench/nf4_reference.py made it.
    const file = new URL('../../native/nf4-bitsandbytes.safetensors', import.meta.url)
    const reference = await readSafetensors(fileURLToPath(file))
    const [weight, expected] = ['weight', 'dequantized'].map((name) => reference.get(name)!)
    const [rows = 0, columns = 0] = weight!.shape
    expect(decoded(NF4, weight!.data, [rows], columns)).toEqual(expected!.data)
    // Parts of a matrix have the numbers of the whole, and so has a tensor that is not the first of its matrix.
    expect(decoded(NF4, weight!.data, [rows], columns, { limit: 4000, step: 64 })).toEqual(expected!.data)
    const after = Float32Array.of(...randomFloats(7 * columns, 1), ...weight!.data)
    for (const limit of [4000, 2 ** 30]) {
      const numbers = decoded(NF4, after, [7, rows], columns, { limit })
      expect(numbers.subarray(7 * columns)).toEqual(expected!.data)
    }
  })

  test.each(ALL)('$name: pieces and parts give the numbers of the whole', (format) => {
    const error = { f32: 0, f16: 5e-4, bf16: 4e-3, int8: 4e-3, nf4: 0.16 }[format.name]!
    for (const columns of [1, 3, 60, 64, 77, 128]) {
      const data = randomFloats(200 * columns, columns)
      const whole = decoded(format, data, [200], columns)
      expect(decoded(format, data, [200], columns, { step: 64 })).toEqual(whole)
      expect(decoded(format, data, [200], columns, { step: 64, limit: 4000 })).toEqual(whole)
      for (const [i, number] of whole.entries()) expect(Math.abs(number - data[i]!)).toBeLessThanOrEqual(error)
    }
  })

  test.each(ALL)('$name: tensors of a matrix have the numbers that they have alone', (format) => {
    for (const columns of [60, 64]) {
      const data = randomFloats(200 * columns, columns)
      const alone = [data.slice(0, 110 * columns), data.slice(110 * columns, 117 * columns), data.slice(117 * columns)]
      const expected = alone.flatMap((one) => [...decoded(format, one, [one.length / columns], columns)])
      for (const limit of [4000, 2 ** 30]) {
        expect([...decoded(format, data, [110, 7, 83], columns, { limit })]).toEqual(expected)
      }
    }
  })

  test('int8 rounds to the nearest, halves to the even one, and its scale is not below what is needed', () => {
    const data = Float32Array.of(127, 0.5, 1.5, -2.5, -127, ...new Array<number>(27).fill(0))
    expect([...decoded(INT8, data, [1], 32).subarray(0, 5)]).toEqual([127, 0, 2, -2, -127])
    expect(decoded(INT8, Float32Array.of(1.0005, -1), [1], 2)[0]).toBeGreaterThanOrEqual(1)
  })

  test('what float16 cannot hold is refused', () => {
    expect(() => decoded(F16, Float32Array.of(70_000), [1], 1)).toThrow(NotFinite)
    expect(() => decoded(INT8, Float32Array.of(1e7), [1], 1)).toThrow(NotFinite)
  })
})

describeNative('formats of weights beside the native engine', () => {
  test.each(['bf16', 'int8', 'nf4'] as const)('%s: the same numbers to the last bit', async (precision) => {
    const config = qwen2({
      vocab_size: 131,
      hidden_size: 60,
      intermediate_size: 77,
      num_hidden_layers: 1,
      num_attention_heads: 6,
      num_key_value_heads: 2,
      rms_norm_eps: 1e-6,
      rope_theta: 1e4,
      max_position_embeddings: 512,
      tie_word_embeddings: true,
    })
    const base = randomModel(config, 1, 0.1)
    const engine = await createNativeEngine(config, base, { precision, headPrecision: precision, threads: 1 })
    try {
      for (const [name, { shape, data }] of await engine.baseWeights()) {
        const [rows = 0, columns] = shape
        if (columns === undefined) continue
        expect(decoded(FORMATS[precision], base.get(name)!.data, [rows], columns), name).toEqual(data)
      }
    } finally {
      await engine.close()
    }
  })
})

describeWebGpu('products of weights in every format', () => {
  let bench: Bench
  beforeAll(async () => {
    bench = new Bench(await softwareDevice())
  })
  afterAll(() => bench.close())

  test.each(ALL.flatMap((format) => [1, 2].map((seed) => ({ name: format.name, format, seed }))))(
    '$name: x W^T and dy W of the held numbers, seed $seed',
    async ({ format, seed }) => {
      const pick = picker(seed)
      // Few rows and many have kernels of their own.
      const rows = seed === 1 ? pick(1, 16) : pick(65, 90)
      const [k, n] = [pick(1, 40), pick(20, 40)].map((size) => (seed === 2 ? 4 * size : size)) as [number, number]
      const tensors = seed === 2 ? [9, 8, n - 17] : [n]
      const limit = seed === 1 ? 1400 + 16 * k : 2 ** 30
      const data = randomFloats(n * k, seed)
      const { matrix, arrays } = encoded(format, data, tensors, k, { limit })
      for (const [i, part] of matrix.parts.entries()) {
        for (const [name, view] of Object.entries(part.arrays)) {
          await bench.gpu.allocate(view.memory)
          bench.gpu.write(view, new Uint8Array(arrays[i]![name]!))
        }
      }
      const w = decoded(format, data, tensors, k)
      const [x, dy] = [randomFloats(rows * k, seed + 10), randomFloats(rows * n, seed + 20)]
      const { program } = bench
      const views = {
        x: program.hold(x),
        dy: program.hold(dy),
        y: program.allocate(rows * n),
        dx: program.allocate(rows * k),
      }
      matrixProduct(program, matrix, rows, views)
      matrixProductBackward(program, matrix, rows, views)
      const [y, dx] = await bench.floats(views.y, views.dx)
      const forward = Float64Array.from({ length: rows * n }, (_, at) => {
        const [row, output] = [Math.floor(at / n), at % n]
        let sum = 0
        for (let i = 0; i < k; i++) sum += x[row * k + i]! * w[output * k + i]!
        return sum
      })
      const backward = Float64Array.from({ length: rows * k }, (_, at) => {
        const [row, input] = [Math.floor(at / k), at % k]
        let sum = 0
        for (let i = 0; i < n; i++) sum += dy[row * n + i]! * w[i * k + input]!
        return sum
      })
      expectNear(y!, forward, 1e-5, 'y')
      expectNear(dx!, backward, 1e-5, 'dx')
      bench.gpu.free(...memoriesOf(matrix))
    },
  )

  test.each(ALL)('$name: the embedding of tokens is the held numbers', async (format) => {
    const [n, k] = [31, 60]
    const data = randomFloats(n * k, 7)
    const { matrix, arrays } = encoded(format, data, [n], k)
    const part = matrix.parts[0]!
    for (const [name, view] of Object.entries(part.arrays)) {
      await bench.gpu.allocate(view.memory)
      bench.gpu.write(view, new Uint8Array(arrays[0]![name]!))
    }
    const { program } = bench
    const tokens = Uint32Array.of(30, 0, 17, 30)
    const x = program.allocate(tokens.length * k)
    program.run(
      embed({ format, aligned: true }),
      { ...part.arrays, tokens: program.hold(tokens), x },
      { rows: tokens.length, first: 0, skip: 0, part_rows: n, weight_columns: k },
      Math.ceil((tokens.length * k) / 4 / ELEMENTS),
    )
    const [rows] = await bench.floats(x)
    const w = decoded(format, data, [n], k)
    expect([...rows!]).toEqual([...tokens].flatMap((token) => [...w.subarray(token * k, (token + 1) * k)]))
    bench.gpu.free(...memoriesOf(matrix))
  })

  test('NF4 is the same on the card to the last bit', async () => {
    const file = new URL('../../native/nf4-bitsandbytes.safetensors', import.meta.url)
    const reference = await readSafetensors(fileURLToPath(file))
    const [weight, expected] = ['weight', 'dequantized'].map((name) => reference.get(name)!)
    const [n = 0, k = 0] = weight!.shape
    const { matrix, arrays } = encoded(NF4, weight!.data, [n], k)
    const view = matrix.parts[0]!.arrays.weight!
    await bench.gpu.allocate(view.memory)
    bench.gpu.write(view, new Uint8Array(arrays[0]!.weight!))
    const { program } = bench
    // A product with the identity: one number times one, and zeros.
    const identity = Float32Array.from({ length: k * k }, (_, at) => (at % (k + 1) === 0 ? 1 : 0))
    const y = program.allocate(k * n)
    matrixProduct(program, matrix, k, { x: program.hold(identity), y })
    const [columns] = await bench.floats(y)
    expect(Float32Array.from({ length: n * k }, (_, at) => columns![(at % k) * n + Math.floor(at / k)]!)).toEqual(
      expected!.data,
    )
    bench.gpu.free(...memoriesOf(matrix))
  })
})
