/** Every kind of file that the lab reads, by name. */
import type { Kind } from './kind.ts'
import { config, golden, pairs } from './kinds/data.ts'
import { gguf } from './kinds/gguf.ts'
import { mlflow, store, training } from './kinds/lab.ts'
import { adapter, checkpoint, quantized, shards, template, tokenizer } from './kinds/models.ts'
import { setup, window } from './kinds/setup.ts'

export const KINDS: Readonly<Record<string, Kind>> = {
  config,
  golden,
  pairs,
  adapter,
  checkpoint,
  shards,
  quantized,
  gguf,
  tokenizer,
  template,
  store,
  training,
  mlflow,
  setup,
  window,
}
