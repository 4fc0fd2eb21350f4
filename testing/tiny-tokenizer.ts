/** For tests: a small byte-level tokenizer with 256 bytes, a few merges and ChatML's special tokens. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { byteLevelBpe } from '../main/engine/tokenizer/byte-level-bpe.ts'

export const CHATML = `{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`

/** Its vocab_size; the special tokens are the last three. */
export const TINY_VOCAB_SIZE = 264
export const IM_START = 262
export const IM_END = 263

const PRINTABLE = [...range(33, 127), ...range(161, 173), ...range(174, 256)]
const UNPRINTABLE = range(0, 256).filter((byte) => !PRINTABLE.includes(byte))
const MERGES = ['c l', 'i c', 'cl ic', 'clic k', 'Ċ Ċ']

/** Contents of its tokenizer.json. */
export function tinyTokenizer() {
  const bytes = [...PRINTABLE, ...UNPRINTABLE.map((_, index) => 256 + index)].map((code) => String.fromCharCode(code))
  const tokens = [...bytes, ...MERGES.map((pair) => pair.replace(' ', ''))]
  const added = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'].map((content, index) => ({
    id: tokens.length + index,
    content,
    special: true,
  }))
  // The tokenizers library also lists special tokens in the vocabulary.
  const names = [...tokens, ...added.map(({ content }) => content)]
  const vocab = Object.fromEntries(names.map((token, id) => [token, id]))
  return byteLevelBpe({ vocab, merges: MERGES, added, nfc: true, cuts: [] })
}

/** Writes tokenizer.json, tokenizer_config.json and generation_config.json into a folder; makes the folder if needed. */
export async function writeTinyTokenizer(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const files = {
    'tokenizer.json': tinyTokenizer(),
    'tokenizer_config.json': { eos_token: '<|endoftext|>', chat_template: CHATML },
    'generation_config.json': { eos_token_id: [IM_END, IM_END - 2] },
  }
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), JSON.stringify(content))
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
