import type { Engine, LoraConfig, Tensors } from './engine.ts'

/**
 * Frees the memory of tensors at once; the garbage collector would wait while the engine computes. Afterwards their data
 * are empty.
 */
export function freeTensors(tensors: Tensors): void {
  for (const { data } of tensors.values()) if (data.buffer instanceof ArrayBuffer) data.buffer.transfer(0)
}

/** Adds an adapter to the engine and frees the given tensors: a large model leaves no room for two copies. */
export async function moveAdapter(engine: Engine, name: string, lora: LoraConfig, tensors: Tensors): Promise<void> {
  await engine.addAdapter(name, lora, tensors)
  freeTensors(tensors)
}
