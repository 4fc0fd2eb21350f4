/**
 * Measures how far adapters change a model: the size of each adapter's addition to each projection, and of their
 * difference.
 */
import { setImmediate } from 'node:timers/promises'
import { PROJECTIONS, type Projection } from '../config/choices.ts'
import type { Adapter } from '../engine/adapter/adapter.ts'
import type { Tensor } from '../engine/engine.ts'
import { loraScale } from '../engine/weights.ts'

/** Frobenius norms; 0 where an adapter does not adapt the projection. */
export interface ProjectionChange {
  readonly layer: number
  readonly projection: Projection
  /** Norm of scale · B A of the first adapter, and of the second. */
  readonly a: number
  readonly b: number
  /** Norm of the difference; null where the base models have different shapes. */
  readonly difference: number | null
}

/** An adapter's addition to one projection: scale · B A. */
interface Factors {
  readonly scale: number
  /** [r, in] */
  readonly down: Tensor
  /** [out, r] */
  readonly up: Tensor
}

const NAME = /^base_model\.model\.(model\.layers\.(\d+)\.\w+\.(\w+))\.lora_A\.weight$/

/**
 * The changes of every projection that one of the adapters has, by layer and then in the model's order. B A itself is
 * never computed: |B A|² is the sum over (BᵀB) ∘ (A Aᵀ), and the difference of two adapters is one adapter with their
 * factors side by side.
 */
export async function compareChanges(a: Adapter, b: Adapter): Promise<ProjectionChange[]> {
  const [first, second] = [factorsOf(a), factorsOf(b)]
  const places = [
    ...new Map([...first, ...second].map(([name, { layer, projection }]) => [name, { layer, projection }])),
  ]
  places.sort(
    ([, x], [, y]) => x.layer - y.layer || PROJECTIONS.indexOf(x.projection) - PROJECTIONS.indexOf(y.projection),
  )
  const changes: ProjectionChange[] = []
  for (const [name, place] of places) {
    // Lets the lab answer requests in between, because a large adapter takes a second.
    await setImmediate()
    const [one, other] = [first.get(name), second.get(name)].map((found) => (found === undefined ? [] : [found]))
    changes.push({
      ...place,
      a: norm(one!),
      b: norm(other!),
      difference: sameShape(one![0], other![0])
        ? norm([...one!, ...other!.map((factors) => ({ ...factors, scale: -factors.scale }))])
        : null,
    })
  }
  return changes
}

function factorsOf({ lora, tensors }: Adapter) {
  const found = new Map<string, Factors & { layer: number; projection: Projection }>()
  for (const [name, down] of tensors) {
    const [, module = '', layer, projection] = NAME.exec(name) ?? []
    const known = PROJECTIONS.find((one) => one === projection)
    const up = tensors.get(name.replace('.lora_A.', '.lora_B.'))
    if (known === undefined || up === undefined) continue
    found.set(name, { layer: Number(layer), projection: known, scale: loraScale(lora, module), down, up })
  }
  return found
}

function sameShape(a: Factors | undefined, b: Factors | undefined): boolean {
  if (a === undefined || b === undefined) return true
  return a.down.shape[1] === b.down.shape[1] && a.up.shape[0] === b.up.shape[0]
}

/** Frobenius norm of a sum of products of the same shape, in double precision. */
function norm(parts: readonly Factors[]): number {
  const rows = parts.flatMap(({ down: { shape, data } }) =>
    Array.from({ length: shape[0]! }, (_, row) => data.subarray(row * shape[1]!, (row + 1) * shape[1]!)),
  )
  const columns = parts.flatMap(({ scale, up: { shape, data } }) =>
    Array.from({ length: shape[1]! }, (_, column) =>
      Float64Array.from({ length: shape[0]! }, (_, row) => scale * data[row * shape[1]! + column]!),
    ),
  )
  let square = 0
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j <= i; j++) {
      square += (i === j ? 1 : 2) * dot(rows[i]!, rows[j]!) * dot(columns[i]!, columns[j]!)
    }
  }
  // Rounding can give a value slightly below 0 where the parts cancel.
  return Math.sqrt(Math.max(0, square))
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
