/** LoRA adapters on the card. All tensors of one are in one array, and so are their gradients and moments. */

import type { Projection } from '../../config/choices.ts'
import type { LoraConfig, ModelConfig, Tensor, Tensors } from '../engine.ts'
import { adaptedModules, loraTensors, projectionShape } from '../weights.ts'
import { padded } from './matrix.ts'
import { aligned, type Memory, part, type View, whole } from './memory.ts'
import type { LoraGroup } from './products.ts'

/** The products of a layer, by the projections that are one. Those of a group have the same input, and so its dropout. */
export const GROUPS = {
  qkv: ['q_proj', 'k_proj', 'v_proj'],
  o: ['o_proj'],
  gateUp: ['gate_proj', 'up_proj'],
  down: ['down_proj'],
} as const satisfies Readonly<Record<string, readonly Projection[]>>
export type GroupName = keyof typeof GROUPS

/** A group's matrices as ranges of an array with the adapter's layout. */
export interface GroupPlace {
  readonly rank: number
  readonly starts: readonly number[]
  readonly scales: readonly number[]
  readonly a: { readonly offset: number; readonly bytes: number }
  readonly b: { readonly offset: number; readonly bytes: number }
}

/** Where each tensor of a module lies: so many rows of so many numbers. */
interface TensorPlace {
  readonly shape: readonly [number, number]
  /** The place of the first number in the array, and the numbers from row to row. */
  readonly first: number
  readonly stride: number
}

export interface AdapterLayout {
  /** By layer; a group without adapted modules is missing. */
  readonly layers: readonly Partial<Readonly<Record<GroupName, GroupPlace>>>[]
  readonly tensors: ReadonlyMap<string, TensorPlace>
  /** Bytes of an array. What no tensor covers is 0 and stays it: the gradients there are 0. */
  readonly bytes: number
}

/** An adapter's layout: ranks are rounded up to a multiple of four, modules that are not adapted are zeros. */
export function layOutAdapter(config: ModelConfig, lora: LoraConfig): AdapterLayout {
  const modules = adaptedModules(config, lora)
  const tensors = new Map<string, TensorPlace>()
  let bytes = 0
  const range = (numbers: number) => {
    const offset = bytes
    bytes += aligned(4 * numbers)
    return { offset, bytes: 4 * numbers }
  }
  const layers = Array.from({ length: config.num_hidden_layers }, (_, layer) => {
    const places: Partial<Record<GroupName, GroupPlace>> = {}
    for (const name of Object.keys(GROUPS) as GroupName[]) {
      const projections: readonly Projection[] = GROUPS[name]
      const adapted = projections.map((projection) =>
        modules.find((module) => module.layer === layer && module.projection === projection),
      )
      if (adapted.every((module) => module === undefined)) continue
      const rank = padded(Math.max(...adapted.map((module) => module?.r ?? 0)))
      const outputs = projections.map((projection) => projectionShape(config, projection)[0])
      const starts = outputs.map((_, index) => outputs.slice(0, index).reduce((sum, count) => sum + count, 0))
      const inputs = projectionShape(config, projections[0]!)[1]
      const stride = padded(inputs)
      const a = range(projections.length * rank * stride)
      const b = range(outputs.reduce((sum, count) => sum + count, 0) * rank)
      adapted.forEach((module, index) => {
        if (module === undefined) return
        const [nameOfA, nameOfB] = loraTensors(module.name)
        const firstOfA = a.offset / 4 + index * rank * stride
        tensors.set(nameOfA, { shape: [module.r, inputs], first: firstOfA, stride })
        const firstOfB = b.offset / 4 + starts[index]! * rank
        tensors.set(nameOfB, { shape: [outputs[index]!, module.r], first: firstOfB, stride: rank })
      })
      places[name] = { rank, starts, scales: adapted.map((module) => module?.scale ?? 0), a, b }
    }
    return places
  })
  return { layers, tensors, bytes }
}

/** Tensors as an array of this layout. */
export function packAdapter({ tensors, bytes }: AdapterLayout, values: Tensors): Float32Array<ArrayBuffer> {
  const packed = new Float32Array(bytes / 4)
  for (const [name, { shape, first, stride }] of tensors) {
    const [rows, columns] = shape
    const { data } = values.get(name)!
    for (let row = 0; row < rows; row++) {
      packed.set(data.subarray(row * columns, (row + 1) * columns), first + row * stride)
    }
  }
  return packed
}

/** The tensors in an array of this layout, by PEFT's names. */
export function unpackAdapter({ tensors }: AdapterLayout, packed: Float32Array): Tensors {
  const values = new Map<string, Tensor>()
  for (const [name, { shape, first, stride }] of tensors) {
    const [rows, columns] = shape
    const data = new Float32Array(rows * columns)
    for (let row = 0; row < rows; row++) {
      data.set(packed.subarray(first + row * stride, first + row * stride + columns), row * columns)
    }
    values.set(name, { shape, data })
  }
  return values
}

export interface Adapter {
  readonly lora: LoraConfig
  readonly layout: AdapterLayout
  readonly weights: Memory
}

/** An adapter whose memory has no buffer yet. */
export function planAdapter(config: ModelConfig, name: string, lora: LoraConfig): Adapter {
  const layout = layOutAdapter(config, lora)
  return { lora, layout, weights: { label: `adapter ${name}`, bytes: layout.bytes, buffer: null } }
}

/** A group's matrices in a memory of the adapter's layout. */
export function matricesOf({ a, b }: GroupPlace, memory: Memory): { readonly a: View; readonly b: View } {
  return { a: part(whole(memory), a.offset, a.bytes), b: part(whole(memory), b.offset, b.bytes) }
}

/** A group with its weights. */
export function groupOf({ layout, weights }: Adapter, layer: number, name: GroupName): LoraGroup | undefined {
  const place = layout.layers[layer]![name]
  if (place === undefined) return undefined
  const { rank, starts, scales } = place
  return { rank, starts, scales, ...matricesOf(place, weights) }
}
