/**
 * Matrix units: what WebGPU calls subgroup matrices, an experiment of Chromium. Where a device has them, they are compared with the
 * plain kernels and race against these; they are used where they are right and faster. No digit of a computation in floats goes
 * through them.
 */
import { uniformStream } from '../random.ts'
import { Arena } from './arena.ts'
import { DeviceLost, type Gpu } from './device.ts'
import { BF16 } from './formats/halves.ts'
import { cardFragments, type Fragments, fits, fragmentBytes } from './kernels/fragments.ts'
import { type Matrix, memoriesOf, planMatrix } from './matrix.ts'
import type { View } from './memory.ts'
import { matrixProduct, matrixProductBackward } from './products.ts'
import { type Item, Program } from './program.ts'

/** WebGPU's name of the feature. TypeScript's library does not know it. */
export const SUBGROUP_MATRIX = 'chromium-experimental-subgroup-matrix' as GPUFeatureName

/** The products that race, how often they are computed in a round, and the rounds. */
const SHAPE = { rows: 512, inputs: 1024, outputs: 1024 }
const REPEATS = 8
const ROUNDS = 5
/** The largest error, as a part of the root of a row's mean square. Rounding to the 11 bits of float16 makes a quarter of it. */
const ERROR = 5e-3
/** How many times as fast they have to be. */
const GAIN = 1.1

interface Config {
  readonly componentType: string
  readonly resultComponentType: string
  readonly M: number
  readonly N: number
  readonly K: number
}

/** The matrix units of float16 summed in float32 that a device tells of, in the shapes that tiles can be made of. */
export function fragmentsOf({ features, limits, adapterInfo }: GPUDevice): Fragments[] {
  if (![SUBGROUP_MATRIX, 'subgroups', 'shader-f16'].every((feature) => features.has(feature))) return []
  const { subgroupMinSize, subgroupMaxSize, subgroupMatrixConfigs } = adapterInfo as GPUAdapterInfo & {
    readonly subgroupMatrixConfigs?: Iterable<Config>
  }
  // Which threads are in a subgroup has to be known when the kernel is written.
  if (subgroupMinSize !== subgroupMaxSize || subgroupMatrixConfigs === undefined) return []
  return [...subgroupMatrixConfigs]
    .filter(({ componentType, resultComponentType }) => componentType === 'f16' && resultComponentType === 'f32')
    .map(({ M, N, K }) => ({ m: M, n: N, k: K, subgroup: subgroupMinSize }))
    .filter((shape) => fits(shape) && fragmentBytes(shape) <= limits.maxComputeWorkgroupStorageSize)
    .map(cardFragments)
}

/** Uses the fastest of these matrix units from now on, if it is right, and faster than plain kernels. Throws DeviceLost. */
export async function tryMatrices(
  gpu: Gpu,
  candidates: readonly Fragments[] = fragmentsOf(gpu.device),
  shape: typeof SHAPE = SHAPE,
): Promise<void> {
  if (candidates.length === 0) return
  const race = await Race.prepare(gpu, shape)
  try {
    const plain = await race.run(null)
    let best = plain === null ? 0 : plain / GAIN
    let winner: Fragments | null = null
    for (const fragments of candidates) {
      const seconds = await race.run(fragments)
      if (seconds === null || seconds > best) continue
      best = seconds
      winner = fragments
    }
    gpu.fragments = winner
  } finally {
    race.end()
  }
}

/** A product and its gradient, which are computed in both ways. */
class Race {
  readonly #gpu: Gpu
  readonly #arena: Arena
  readonly #matrix: Matrix
  readonly #rows: number
  readonly #x: View
  readonly #products: readonly Item[]
  readonly #results: readonly View[]
  #right: readonly Float32Array[] = []

  private constructor(gpu: Gpu, { rows, inputs, outputs }: typeof SHAPE) {
    this.#gpu = gpu
    this.#rows = rows
    this.#arena = new Arena(gpu.largestBuffer)
    this.#matrix = planMatrix('race', BF16, [outputs], inputs, this.#arena.limit)
    const program = new Program(this.#arena)
    const [x, y, dx] = [inputs, outputs, inputs].map((columns) => program.allocate(rows * columns)) as [
      View,
      View,
      View,
    ]
    this.#x = x
    this.#results = [y, dx]
    matrixProduct(program, this.#matrix, rows, { x, y }, undefined, 'tiles')
    matrixProductBackward(program, this.#matrix, rows, { dy: y, dx })
    this.#products = program.cut()
  }

  static async prepare(gpu: Gpu, shape: typeof SHAPE): Promise<Race> {
    const race = new Race(gpu, shape)
    const { rows, inputs, outputs } = shape
    for (const memory of memoriesOf(race.#matrix)) await gpu.allocate(memory)
    await gpu.fit(race.#arena)
    const uniform = uniformStream(1)
    const random = () => 2 * uniform() - 1
    const encoder = BF16.encoder(race.#matrix)
    const weights = Float32Array.from({ length: outputs * inputs }, random)
    for (const { view, data } of [...encoder.add(weights), ...encoder.end()]) gpu.write(view, data)
    // Rows far beyond the range of float16 on both sides.
    gpu.write(
      race.#x,
      Float32Array.from(
        { length: rows * inputs },
        (_, at) => random() * 2 ** (3 * (Math.floor(at / inputs) % 33) - 48),
      ),
    )
    return race
  }

  /** The milliseconds of the best round; null if the results are wrong or the kernels do not run. */
  async run(fragments: Fragments | null): Promise<number | null> {
    const gpu = this.#gpu
    gpu.fragments = fragments
    gpu.device.pushErrorScope('validation')
    gpu.device.pushErrorScope('internal')
    let best: number | null = null
    try {
      // This compiles as well.
      await gpu.run(this.#products)
      const found = (await gpu.read(...this.#results)).map((bytes) => new Float32Array(bytes))
      if (fragments === null) this.#right = found
      if (found.every((numbers, index) => isNear(numbers, this.#right[index]!, this.#rows))) best = await this.#time()
    } catch (error) {
      if (error instanceof DeviceLost) throw error
    } finally {
      gpu.fragments = null
    }
    const errors = await Promise.all([gpu.device.popErrorScope(), gpu.device.popErrorScope()])
    return errors.every((error) => error === null) ? best : null
  }

  async #time(): Promise<number> {
    const items = Array.from({ length: REPEATS }, () => this.#products).flat()
    let best = Number.POSITIVE_INFINITY
    for (let round = 0; round < ROUNDS; round++) {
      const began = performance.now()
      await this.#gpu.run(items)
      await this.#gpu.done()
      best = Math.min(best, performance.now() - began)
    }
    return best
  }

  end(): void {
    this.#gpu.free(...this.#arena.blocks, ...memoriesOf(this.#matrix))
  }
}

/** Whether all numbers of [rows, columns] are near the right ones, as their rows go. */
function isNear(numbers: Float32Array, right: Float32Array, rows: number): boolean {
  const columns = right.length / rows
  return Array.from({ length: rows }, (_, row) => row * columns).every((start) => {
    const own = right.subarray(start, start + columns)
    const most = ERROR * Math.sqrt(own.reduce((sum, number) => sum + number * number, 0) / columns)
    return own.every((number, index) => Math.abs(numbers[start + index]! - number) <= most)
  })
}
