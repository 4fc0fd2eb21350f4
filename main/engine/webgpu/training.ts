/** What is trained: an adapter, or all weights of the base model; with gradients and AdamW's moments in the same layout. */

import { type Message, message } from '../../messages/message.ts'
import { checkTensors } from '../checkpoint/check-tensors.ts'
import { streamTensors } from '../checkpoint/tensor-stream.ts'
import type { ModelConfig, Tensors } from '../engine.ts'
import { adapterShapes, checkpointShapes } from '../weights.ts'
import { type Adapter, packAdapter, unpackAdapter } from './adapters.ts'
import { type BaseWeights, fillBase, planBase, readBase } from './base.ts'
import type { Gpu } from './device.ts'
import { F32 } from './matrix.ts'
import { type Memory, whole } from './memory.ts'

/** What lies beside trained weights. */
export const MOMENTS = ['gradients', 'exp_avg', 'exp_avg_sq'] as const
export type MomentName = (typeof MOMENTS)[number]

export interface AdapterTraining extends Readonly<Record<MomentName, Memory>> {
  readonly adapter: Adapter
}

export interface BaseTraining extends Readonly<Record<MomentName, BaseWeights>> {
  readonly adapter: null
  readonly base: BaseWeights
}

export type Training = AdapterTraining | BaseTraining

/** A part of the weights with what lies beside it. */
export interface TrainedMemory extends Readonly<Record<MomentName, Memory>> {
  readonly weights: Memory
  /** Whether weight decay applies. */
  readonly decayed: boolean
}

/** The training of an adapter, without buffers. */
export function planAdapterTraining(adapter: Adapter): AdapterTraining {
  const like = (label: MomentName): Memory => ({
    label: `${label} of ${adapter.weights.label}`,
    bytes: adapter.layout.bytes,
    buffer: null,
  })
  return { adapter, gradients: like('gradients'), exp_avg: like('exp_avg'), exp_avg_sq: like('exp_avg_sq') }
}

/** The training of a base model of floats, without buffers. */
export function planBaseTraining(config: ModelConfig, base: BaseWeights, limit: number): BaseTraining {
  const like = () => planBase(config, { layers: F32, outer: F32 }, limit)
  return { adapter: null, base, gradients: like(), exp_avg: like(), exp_avg_sq: like() }
}

/** All that is trained, memory by memory. */
export function trainedMemories(training: Training): TrainedMemory[] {
  if (training.adapter !== null) {
    const { adapter, gradients, exp_avg, exp_avg_sq } = training
    // Every tensor of an adapter is a matrix, and so decayed.
    return [{ weights: adapter.weights, gradients, exp_avg, exp_avg_sq, decayed: true }]
  }
  const { base, gradients, exp_avg, exp_avg_sq } = training
  return base.memories.map((weights, index) => ({
    weights,
    gradients: gradients.memories[index]!,
    exp_avg: exp_avg.memories[index]!,
    exp_avg_sq: exp_avg_sq.memories[index]!,
    decayed: weights !== base.vectors,
  }))
}

/** Copies of the gradients or of a moment, by tensor name. */
export async function readMoment(
  gpu: Gpu,
  config: ModelConfig,
  training: Training,
  name: MomentName,
): Promise<Tensors> {
  if (training.adapter === null) return readBase(gpu, config, training[name])
  const [bytes] = await gpu.read(whole(training[name]))
  return unpackAdapter(training.adapter.layout, new Float32Array(bytes!))
}

/** Sets a moment. Throws UserError, with the source's name, if tensors are missing or of another shape. */
export async function writeMoment(
  gpu: Gpu,
  config: ModelConfig,
  training: Training,
  name: MomentName,
  tensors: Tensors,
  source: () => Message = () => message('theOptimizerState'),
): Promise<void> {
  const { adapter } = training
  checkTensors(tensors, adapter === null ? checkpointShapes(config) : adapterShapes(config, adapter.lora), source)
  if (adapter === null) await fillBase(gpu, config, training[name], streamTensors(tensors))
  else gpu.write(whole(training[name]), packAdapter(adapter.layout, tensors))
}
