/** What a configuration asks of engines. */
import type { Config } from '../config/schema.ts'
import { knownShape } from './architecture.ts'
import { chosenEngine } from './auto.ts'
import type { EngineKind, ModelConfig } from './engine.ts'
import type { GpuOptions } from './host/gpu-host.ts'

/** The kind of engine that a configuration means on this machine, for a model of this shape. */
export async function engineOf(config: Config, shape: ModelConfig | null = knownShape(config)): Promise<EngineKind> {
  const { model, training } = config
  if (model.engine !== 'auto') return model.engine
  const { kind } = await chosenEngine(shape, {
    gpu: gpuOf(config),
    precision: model.precision,
    headPrecision: model.head_precision,
    gradientCheckpointing: training.gradient_checkpointing,
  })
  return kind
}

/** What the engine webgpu is asked for. */
export function gpuOf({ model }: Config): GpuOptions {
  const { webgpu_host: host, webgpu_adapter: name, webgpu_power: power } = model
  return { host, name, power: power === 'auto' ? null : power }
}
