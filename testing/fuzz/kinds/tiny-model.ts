/** A model of kilobytes, on the disk as the lab reads it. */
import { saveCheckpoint } from '../../../main/engine/checkpoint/checkpoint.ts'
import type { LoraConfig } from '../../../main/engine/engine.ts'
import { randomModel, TINY } from '../../random-model.ts'
import { TINY_VOCAB_SIZE, writeTinyTokenizer } from '../../tiny-tokenizer.ts'

export const CONFIG = { ...TINY, vocab_size: TINY_VOCAB_SIZE }
export const LORA: LoraConfig = { r: 2, lora_alpha: 4, lora_dropout: 0, target_modules: ['q_proj', 'down_proj'] }

/** Writes checkpoint and tokenizer. */
export async function writeModel(folder: string): Promise<void> {
  await saveCheckpoint(folder, CONFIG, randomModel(CONFIG, 1))
  await writeTinyTokenizer(folder)
}
