/** What a merge can write. */

/** As a GGUF file: the merged model with its matrices in a type, or the adapter alone, as LoRA. The first is the default. */
export const GGUF_FORMS = ['F16', 'BF16', 'Q8_0', 'F32', 'LoRA'] as const
export type GgufForm = (typeof GGUF_FORMS)[number]

/** As a checkpoint folder in Hugging Face layout, or as a GGUF file. */
export const MERGE_FORMS = ['safetensors', ...GGUF_FORMS] as const
export type MergeForm = (typeof MERGE_FORMS)[number]
