/**
 * The kernels for matrix units, which no device here has. Dawn's compiler checks their WGSL as it is; SwiftShader computes it with
 * matrix units that are emulated, in subgroups of its own four threads.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { emulatedFragments } from '../../../testing/emulated-fragments.ts'
import { dawnInstalled, softwareDevice } from '../../../testing/software-device.ts'
import { Bench, describeWebGpu, expectNear, randomFloats } from '../../../testing/webgpu.ts'
import { dropoutKeys } from '../dropout.ts'
import { Gpu } from './device.ts'
import { FORMATS } from './formats/formats.ts'
import { cardFragments, type Fragments, fits } from './kernels/fragments.ts'
import { product, productBackward } from './kernels/product.ts'
import { fragmentsOf, SUBGROUP_MATRIX, tryMatrices } from './matrices.ts'
import { memoriesOf, planMatrix, stretch } from './matrix.ts'
import { lowProduct, lowProductBackward, matrixProduct, matrixProductBackward } from './products.ts'

const HELD = ['bf16', 'fp16', 'int8', 'nf4'] as const
/** Of NVIDIA, of Intel, and of Apple's size. */
const SHAPES = [
  { m: 16, n: 16, k: 16, subgroup: 32 },
  { m: 16, n: 8, k: 16, subgroup: 32 },
  { m: 8, n: 16, k: 16, subgroup: 16 },
  { m: 8, n: 8, k: 8, subgroup: 32 },
]

test('tiles are made of the shapes that divide them', () => {
  expect(SHAPES.map(fits)).toEqual([true, true, true, true])
  expect(fits({ m: 16, n: 16, k: 16, subgroup: 8 })).toBe(false)
  expect(fits({ m: 16, n: 24, k: 16, subgroup: 32 })).toBe(false)
  expect(fits({ m: 16, n: 16, k: 24, subgroup: 32 })).toBe(true)
})

test('a device tells its matrix units; other types, and subgroups of unknown size, are left alone', () => {
  const config = { componentType: 'f16', resultComponentType: 'f32', M: 16, N: 16, K: 16 }
  const device = (min: number, max: number, features: readonly string[], configs: unknown) => {
    const adapterInfo = { subgroupMinSize: min, subgroupMaxSize: max, subgroupMatrixConfigs: configs }
    const limits = { maxComputeWorkgroupStorageSize: 32_768 }
    return { features: new Set(features), limits, adapterInfo } as unknown as GPUDevice
  }
  const features = ['subgroups', 'shader-f16', SUBGROUP_MATRIX]
  const told = [config, { ...config, resultComponentType: 'f16' }, { ...config, componentType: 'u8' }]
  expect(fragmentsOf(device(32, 32, features, told))).toMatchObject([{ m: 16, n: 16, k: 16, subgroup: 32 }])
  expect(fragmentsOf(device(8, 32, features, told))).toEqual([])
  expect(fragmentsOf(device(32, 32, features.slice(1), told))).toEqual([])
  expect(fragmentsOf(device(32, 32, features, undefined))).toEqual([])
})

describe.skipIf(!dawnInstalled)('the WGSL for a card (not here if the npm package webgpu is not installed)', () => {
  /** No device works without its instance. */
  let instance: GPU
  let device: GPUDevice
  beforeAll(async () => {
    const { create } = await import('webgpu')
    instance = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis'])
    const adapter = await instance.requestAdapter()
    device = await adapter!.requestDevice({ requiredFeatures: ['subgroups', 'shader-f16', SUBGROUP_MATRIX] })
  })

  test.each(SHAPES)('$m x $n x $k in subgroups of $subgroup compiles', async (shape) => {
    const choices = [false, true].flatMap((aligned) => [false, true].map((all) => ({ aligned, all })))
    for (const { aligned, all } of choices) {
      for (const name of HELD) {
        const parts = { format: FORMATS[name], inputsAligned: aligned, outputsAligned: aligned, lora: all }
        for (const kernel of [
          product({ ...parts, bias: all, residual: all }),
          productBackward({ ...parts, dropout: all, swiglu: all }),
        ]) {
          const code = kernel.fragmentCode!(cardFragments(shape))
          const { messages } = await device.createShaderModule({ code }).getCompilationInfo()
          expect(messages.filter(({ type }) => type === 'error').map(({ message }) => message)).toEqual([])
        }
      }
    }
    expect(instance).toBeDefined()
  })
})

describeWebGpu('products by matrix units', () => {
  let bench: Bench
  beforeAll(async () => {
    bench = new Bench(await softwareDevice(), true)
  })
  afterAll(() => bench.close())

  const SMALL = { rows: 40, inputs: 24, outputs: 32 }
  const EMULATED = emulatedFragments({ m: 2, n: 32, k: 16 }, 4)
  /** All results of a layer's product with an adapter, forward and backward. */
  async function compute(
    fragments: Fragments | null,
    name: (typeof HELD)[number],
    rows: number,
    k: number,
    half: number,
  ) {
    bench.gpu.fragments = fragments
    const n = 2 * half
    const format = FORMATS[name]
    const matrix = planMatrix('W', format, [half, half], k, 2 ** 30)
    for (const memory of memoriesOf(matrix)) await bench.gpu.allocate(memory)
    const encoder = format.encoder(matrix)
    for (const seed of [1, 9]) {
      const uploads = [...encoder.add(randomFloats(half * k, seed)), ...encoder.end()]
      for (const { view, data } of uploads) bench.gpu.write(view, data)
    }
    const rank = 4
    const group = {
      rank,
      starts: [0, half],
      scales: [0.5, 1.5],
      a: await bench.weights(stretch(randomFloats(2 * rank * k, 2), 0, 2 * rank, k)),
      b: await bench.weights(randomFloats(n * rank, 3)),
    }
    const { program } = bench
    // Rows beyond the range of float16.
    const scaled = (numbers: Float32Array<ArrayBuffer>, columns: number) =>
      numbers.map((number, at) => number * 2 ** (10 * (Math.floor(at / columns) % 5) - 20))
    const views = {
      x: program.hold(scaled(randomFloats(rows * k, 4), k)),
      bias: await bench.weights(randomFloats(n, 5)),
      residual: program.hold(randomFloats(rows * n, 6)),
      dy: program.hold(scaled(randomFloats(rows * n, 7), n)),
      y: program.allocate(rows * n),
      dx: program.allocate(rows * k),
      low: program.allocate(rows * 2 * rank),
      lowGradient: program.allocate(rows * 2 * rank),
      gates: program.hold(randomFloats(rows * 2 * k, 8)),
    }
    const dropout = {
      p: 0.3,
      keys: program.hold(
        dropoutKeys(
          1,
          5,
          'q_proj',
          Int32Array.from({ length: rows }, (_, i) => i),
        ),
      ),
    }
    lowProduct(program, group, rows, k, views, dropout)
    matrixProduct(program, matrix, rows, views, { low: views.low, group }, 'tiles')
    lowProductBackward(program, group, rows, n, views)
    matrixProductBackward(program, matrix, rows, views, { lowGradient: views.lowGradient, group, dropout })
    matrixProductBackward(program, matrix, rows, { dy: views.dy, dx: views.gates, swiglu: true })
    const found = await bench.floats(views.y, views.dx, views.gates)
    bench.gpu.fragments = null
    bench.gpu.free(...memoriesOf(matrix))
    return found
  }

  test.each([
    ['bf16', 70, 52, 36],
    ['nf4', 66, 51, 33],
  ] as const)('%s, %d rows of %d: those of the plain kernels, row by row', async (name, rows, k, half) => {
    const plain = await compute(null, name, rows, k, half)
    const found = await compute(EMULATED, name, rows, k, half)
    for (const [index, width] of [2 * half, k, 2 * k].entries()) {
      for (let row = 0; row < rows; row++) {
        const of = (numbers: Float32Array) => numbers.subarray(row * width, (row + 1) * width)
        expectNear(of(found[index]!), of(plain[index]!), 5e-3, `result ${index}, row ${row}`)
      }
    }
    // By another way, or nothing was tested.
    expect(found).not.toEqual(plain)
  })

  test('the fastest of those that are right is used', async () => {
    const gpu = new Gpu(await softwareDevice())
    let time = 0
    // By this clock, matrix units take a fifth.
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
      time += gpu.fragments === null ? 10 : 2
      return time
    })
    try {
      await tryMatrices(gpu, [emulatedFragments(EMULATED, 4, true), EMULATED], SMALL)
    } finally {
      clock.mockRestore()
    }
    expect(gpu.fragments).toBe(EMULATED)
    gpu.close()
  })

  test('matrix units that are slower, wrong, or refused by the compiler are not used, and nothing fails', async () => {
    const gpu = new Gpu(await softwareDevice())
    const refused = cardFragments(SHAPES[0]!)
    for (const candidates of [[], [EMULATED], [emulatedFragments(EMULATED, 4, true)], [refused]]) {
      await tryMatrices(gpu, candidates, SMALL)
      expect(gpu.fragments).toBe(null)
      await gpu.done()
    }
    gpu.close()
  })
})
