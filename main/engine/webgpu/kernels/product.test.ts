/** Compares the products with double precision, on random shapes between poisoned memory. */
import { afterAll, beforeAll, describe, test } from 'vitest'
import { softwareDevice } from '../../../../testing/software-device.ts'
import { Bench, describeWebGpu, expectNear, picker, randomFloats } from '../../../../testing/webgpu.ts'
import { dropoutKeys, dropoutMask } from '../../dropout.ts'
import { F32, type Matrix, memoriesOf, padded, planMatrix, stretch } from '../matrix.ts'
import { addLoraGradients, lowProduct, lowProductBackward, matrixProduct, matrixProductBackward } from '../products.ts'

describe.each(['memory', 'subgroups'])('added up in %s', (adding) =>
  describeWebGpu('products', () => {
    let bench: Bench
    beforeAll(async () => {
      bench = new Bench(await softwareDevice(), adding === 'subgroups')
    })
    afterAll(() => bench.close())

    async function matrixOf(numbers: Float32Array, rows: number, columns: number, limit = 2 ** 30): Promise<Matrix> {
      const matrix = planMatrix('W', F32, [rows], columns, limit)
      for (const memory of memoriesOf(matrix)) await bench.gpu.allocate(memory)
      const encoder = F32.encoder(matrix)
      const half = columns * Math.ceil(rows / 2)
      for (const { view, data } of [
        ...encoder.add(numbers.subarray(0, half)),
        ...encoder.add(numbers.subarray(half)),
        ...encoder.end(),
      ]) {
        bench.gpu.write(view, data)
      }
      return matrix
    }

    test.each([1, 2, 3, 4, 5])('x W^T and dy W for random shapes, seed %d', async (seed) => {
      const pick = picker(seed)
      const [rows, inputs, outputs] = [pick(1, 150), pick(1, 100), pick(1, 200)]
      const multiple = seed % 2 === 0 ? 4 : 1
      const [k, n] = [inputs * multiple, outputs * multiple]
      const x = randomFloats(rows * k, seed + 10)
      const w = randomFloats(n * k, seed + 20)
      const dy = randomFloats(rows * n, seed + 30)
      const bias = randomFloats(n, seed + 40)
      const residual = randomFloats(rows * n, seed + 50)
      // Several parts, as a buffer with a limit needs.
      const matrix = await matrixOf(w, n, k, Math.max(4 * 4 * padded(k), Math.ceil(n / 3) * 4 * padded(k)))
      const { program } = bench
      const views = {
        x: program.hold(x),
        bias: await bench.weights(bias),
        residual: program.hold(residual),
        dy: program.hold(dy),
        y: program.allocate(rows * n),
        dx: program.allocate(rows * k),
      }
      matrixProduct(program, matrix, rows, views)
      matrixProductBackward(program, matrix, rows, { dy: views.dy, dx: views.dx })
      const [y, dx] = await bench.floats(views.y, views.dx)
      const forward = Float64Array.from({ length: rows * n }, (_, at) => {
        const [row, output] = [Math.floor(at / n), at % n]
        let sum = bias[output]! + residual[at]!
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
    })

    test.each([
      [1, 52, 36],
      [5, 7, 9],
      [11, 130, 3],
    ])('rows on their own, normalised and with SwiGLU on the way: %d of %d, %d outputs', async (rows, k, half) => {
      const [n, rank, eps] = [2 * half, 4, 1e-5]
      const [x, w, norm] = [randomFloats(rows * k, 1), randomFloats(n * k, 2), randomFloats(k, 3)]
      const [a, b] = [randomFloats(2 * rank * k, 4), randomFloats(n * rank, 5)]
      const matrix = await matrixOf(w, n, k)
      const group = {
        rank,
        starts: [0, half],
        scales: [0.5, 1.5],
        a: await bench.weights(stretch(a, 0, 2 * rank, k)),
        b: await bench.weights(b),
      }
      const by = { norm: { weight: await bench.weights(norm), eps }, gated: true }
      const { program } = bench
      const views = {
        x: program.hold(x),
        low: program.allocate(rows * 2 * rank),
        plain: program.allocate(rows * half),
        y: program.allocate(rows * half),
      }
      lowProduct(program, group, rows, k, views, undefined, by.norm)
      matrixProduct(program, matrix, rows, { x: views.x, y: views.plain }, undefined, by)
      matrixProduct(program, matrix, rows, views, { low: views.low, group }, by)
      const [plain, y] = await bench.floats(views.plain, views.y)
      const sum = (count: number, term: (i: number) => number) =>
        Array.from({ length: count }, (_, i) => term(i)).reduce((total, one) => total + one, 0)
      const expected = [false, true].map((adapted) =>
        Float64Array.from({ length: rows * half }, (_, at) => {
          const row = Math.floor(at / half)
          const root = Math.sqrt(sum(k, (i) => x[row * k + i]! ** 2) / k + eps)
          const normed = (i: number) => (x[row * k + i]! / root) * norm[i]!
          const [gate, up] = [0, 1].map((g) => {
            const output = g * half + (at % half)
            const own = sum(k, (i) => normed(i) * w[output * k + i]!)
            if (!adapted) return own
            const low = (j: number) => sum(k, (i) => normed(i) * a[(g * rank + j) * k + i]!)
            return own + group.scales[g]! * sum(rank, (j) => low(j) * b[output * rank + j]!)
          })
          return (gate! / (1 + Math.exp(-gate!))) * up!
        }),
      )
      expectNear(plain!, expected[0]!, 1e-5, 'y')
      expectNear(y!, expected[1]!, 1e-5, 'y with an adapter')
      bench.gpu.free(...memoriesOf(matrix))
    })

    // Products in tiles are the same in both ways.
    test.each(adding === 'memory' ? [1, 2, 3, 4, 5, 6, 7] : [1, 2, 3])(
      'products with an adapter, its gradients and dropout, seed %d',
      async (seed) => {
        const pick = picker(seed + 100)
        const multiple = seed % 2 === 0 ? 4 : 1
        const rows = { 1: 3, 7: 4096 }[seed] ?? pick(1, 150)
        const k = pick(1, seed === 7 ? 9 : 60) * multiple
        const modules = 1 + (seed % 3)
        const sizes = Array.from({ length: modules }, () => pick(1, seed === 7 ? 9 : 40) * multiple)
        const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0))
        const n = sizes.reduce((sum, size) => sum + size, 0)
        const rank = 4 * pick(1, 4)
        const columns = modules * rank
        const scales = sizes.map((_, i) => 0.5 + i)
        const moduleOf = (output: number) => starts.findLastIndex((start) => output >= start)
        const [x, w, dy] = [rows * k, n * k, rows * n].map((count, i) => randomFloats(count, seed * 10 + i))
        const [a, b] = [randomFloats(columns * k, seed + 60), randomFloats(n * rank, seed + 70)]
        const places = Int32Array.from({ length: rows }, (_, row) => 3 * row)
        const p = seed > 3 ? 0.3 : 0
        const mask = dropoutMask(p, seed, 5, 'q_proj', places, k)

        const matrix = await matrixOf(w!, n, k)
        const group = {
          rank,
          starts,
          scales,
          a: await bench.weights(stretch(a, 0, columns, k)),
          b: await bench.weights(b),
        }
        const { program } = bench
        const dropout = p > 0 ? { p, keys: program.hold(dropoutKeys(seed, 5, 'q_proj', places)) } : undefined
        const views = {
          x: program.hold(x!),
          dy: program.hold(dy!),
          y: program.allocate(rows * n),
          dx: program.allocate(rows * k),
          low: program.allocate(rows * columns),
          lowGradient: program.allocate(rows * columns),
          aGradient: program.hold(stretch(new Float32Array(columns * k).fill(1), 0, columns, k)),
          bGradient: program.hold(new Float32Array(n * rank).fill(1)),
        }
        lowProduct(program, group, rows, k, views, dropout)
        matrixProduct(program, matrix, rows, { x: views.x, y: views.y }, { low: views.low, group })
        lowProductBackward(program, group, rows, n, views)
        addLoraGradients(program, group, { rows, inputs: k, outputs: n }, views, dropout)
        const { lowGradient } = views
        matrixProductBackward(program, matrix, rows, views, { lowGradient, group, dropout })
        const [y, dx, da, db] = await bench.floats(views.y, views.dx, views.aGradient, views.bGradient)

        const expected = {
          y: new Float64Array(rows * n),
          dx: new Float64Array(rows * k),
          a: new Float64Array(columns * k).fill(1),
          b: new Float64Array(n * rank).fill(1),
        }
        for (let row = 0; row < rows; row++) {
          const low = new Float64Array(columns)
          for (let c = 0; c < columns; c++) {
            for (let i = 0; i < k; i++) low[c]! += a[c * k + i]! * x![row * k + i]! * mask[row * k + i]!
            low[c]! *= scales[Math.floor(c / rank)]!
          }
          const d = new Float64Array(columns)
          for (let output = 0; output < n; output++) {
            const g = moduleOf(output)
            let sum = 0
            for (let i = 0; i < k; i++) sum += x![row * k + i]! * w![output * k + i]!
            const slope = dy![row * n + output]!
            for (let j = 0; j < rank; j++) {
              sum += low[g * rank + j]! * b[output * rank + j]!
              expected.b[output * rank + j]! += slope * low[g * rank + j]!
              d[g * rank + j]! += scales[g]! * slope * b[output * rank + j]!
            }
            expected.y[row * n + output] = sum
            for (let i = 0; i < k; i++) expected.dx[row * k + i]! += slope * w![output * k + i]!
          }
          for (let c = 0; c < columns; c++) {
            for (let i = 0; i < k; i++) {
              const kept = mask[row * k + i]!
              expected.a[c * k + i]! += d[c]! * x![row * k + i]! * kept
              expected.dx[row * k + i]! += d[c]! * a[c * k + i]! * kept
            }
          }
        }
        expectNear(y!, expected.y, 1e-5, 'y')
        expectNear(dx!, expected.dx, 1e-5, 'dx')
        expectNear(da!, stretch(Float32Array.from(expected.a), 0, columns, k), 1e-5, 'gradient of A')
        expectNear(db!, expected.b, 1e-5, 'gradient of B')
        bench.gpu.free(...memoriesOf(matrix))
      },
    )

    test('more than 65,535 workgroups', async () => {
      const [k, n] = [4, 280_001]
      const w = randomFloats(n * k, 1)
      const x = randomFloats(k, 2)
      const matrix = await matrixOf(w, n, k)
      const { program } = bench
      const y = program.allocate(n)
      matrixProduct(program, matrix, 1, { x: program.hold(x), y })
      const [result] = await bench.floats(y)
      const expected = Float64Array.from({ length: n }, (_, output) =>
        x.reduce((sum, value, i) => sum + value * w[output * k + i]!, 0),
      )
      expectNear(result!, expected, 1e-5, 'y')
      bench.gpu.free(...memoriesOf(matrix))
    })
  }),
)
