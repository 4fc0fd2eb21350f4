/**
 * What `tokenizer.ggml.pre` names: how a text is cut before byte-level BPE merges it. GGUF has only a name, so the rest of
 * tokenizer.json is written down here, as the models of that name have it.
 */

export interface PreTokenizer {
  /** Whether text is first normalised to NFC. llama.cpp does not do it, but the models were trained with it. */
  readonly nfc: boolean
  /** Expressions, one after the other: each cuts its matches out of what the earlier ones left whole. */
  readonly cuts: readonly string[]
  /** Whether a piece that is a token as a whole is not merged from its bytes. */
  readonly ignoreMerges: boolean
  /** Tokens that the files call special (CONTROL), and the models' own tokenizers do not. */
  readonly ordinary?: readonly string[]
}

const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
/** GPT-4's, with `digits` in a number's piece. */
const gpt4 = (digits: string) =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`

const LLAMA3: PreTokenizer = { nfc: false, cuts: [gpt4('\\p{N}{1,3}')], ignoreMerges: true }

export const PRE_TOKENIZERS: Readonly<Record<string, PreTokenizer>> = {
  // Qwen2, Qwen2.5 and Qwen3.
  qwen2: {
    nfc: true,
    cuts: [gpt4('\\p{N}')],
    ignoreMerges: false,
    ordinary: ['<|fim_prefix|>', '<|fim_middle|>', '<|fim_suffix|>', '<|fim_pad|>', '<|repo_name|>', '<|file_sep|>'],
  },
  'llama-bpe': LLAMA3,
  llama3: LLAMA3,
  'llama-v3': LLAMA3,
  smollm: { nfc: false, cuts: ['\\p{N}', GPT2], ignoreMerges: false },
  'gpt-2': { nfc: false, cuts: [GPT2], ignoreMerges: false },
  // What llama.cpp does for models that its converter did not know.
  default: {
    nfc: false,
    cuts: ['[\\p{P}\\$\\+<=>\\^~\\|]+', GPT2, '\\p{N}+', '[0-9][0-9][0-9]'],
    ignoreMerges: false,
  },
}
