/** Writes an adapter by itself as a GGUF file, as llama.cpp's convert_lora_to_gguf.py does. */
import type { Adapter } from '../adapter/adapter.ts'
import type { ModelConfig, Tensor } from '../engine.ts'
import { adaptedModules, loraTensors } from '../weights.ts'
import { encode } from './encode.ts'
import { ggufName } from './names.ts'
import { isPaired, pairRows } from './pair.ts'
import { type WrittenTensor, writeGguf } from './write.ts'

/**
 * Writes an adapter in float32, atomically, under the given name. llama.cpp scales every module by alpha / its rank. So what
 * a module's own scale is beside that, by rslora or an alpha of its own, goes into its B.
 * @throws UserError if the disk refuses.
 */
export function writeLora(
  file: string,
  name: string,
  config: ModelConfig,
  { lora, tensors }: Pick<Adapter, 'lora' | 'tensors'>,
  onTensor: (done: number, total: number) => void = () => {},
): Promise<void> {
  // It takes an alpha of 0 as a scale of 1.
  const alpha = lora.lora_alpha === 0 ? 1 : lora.lora_alpha
  const written = adaptedModules(config, lora).flatMap(({ name: module, r, scale }) => {
    const [a, b] = loraTensors(module).map((each) => tensors.get(each)!) as [Tensor, Tensor]
    const factor = scale === alpha / r ? 1 : (scale * r) / alpha
    const scaled = b.data.map((value) => factor * value)
    const rows = isPaired(config, `${module}.weight`) ? pairRows(scaled, r, config.head_dim) : scaled
    const target = ggufName(`${module}.weight`)!
    return [tensor(`${target}.lora_a`, a.shape, a.data), tensor(`${target}.lora_b`, b.shape, rows)]
  })
  const values = [
    ['general.architecture', config.model_type],
    ['general.type', 'adapter'],
    ['adapter.type', 'lora'],
    ['general.name', name],
    ['adapter.lora.alpha', { float32: alpha }],
  ] as const
  return writeGguf(file, values, written, onTensor)
}

function tensor(name: string, shape: readonly number[], data: Float32Array): WrittenTensor {
  return {
    name,
    type: 'F32',
    shape,
    async *bytes() {
      yield encode(name, data, 'F32')
    },
  }
}
