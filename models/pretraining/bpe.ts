/**
 * Trains the base model's tokenizer, a byte-level BPE (Sennrich et al. 2016, arXiv:1508.07909; bytes as in GPT-2), and
 * writes it as Hugging Face's tokenizer.json. It cuts text before merging as Qwen2's own does, so that transformers and
 * llama.cpp read it as they read every Qwen2.
 */

import { byteLevelBpe } from '../../main/engine/tokenizer/byte-level-bpe.ts'
import { QWEN2 } from '../../main/engine/tokenizer/pre-tokenizer.ts'

/** Qwen2's. */
export const SPECIAL_TOKENS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] as const

/** Merges the most frequent pair until the vocabulary (bytes, merges, special tokens) has `size` entries. */
export function trainBpe(texts: Iterable<string>, size: number): { vocab: Record<string, number>; merges: string[] } {
  const letters = byteLetters()
  const counts = new Map<string, number>()
  const cut = new RegExp(QWEN2.pattern.Regex, 'gu')
  for (const text of texts)
    for (const [piece] of text.normalize('NFC').matchAll(cut)) counts.set(piece, (counts.get(piece) ?? 0) + 1)
  const words = [...counts].map(([piece, count]) => ({
    parts: [...Buffer.from(piece)].map((byte) => letters[byte]!),
    count,
  }))
  const tokens = [...letters]
  const merges: string[] = []
  const pairs = new Map<string, number>()
  const tally = ({ parts, count }: (typeof words)[number], sign: 1 | -1) => {
    for (let i = 1; i < parts.length; i++) {
      const pair = `${parts[i - 1]} ${parts[i]}`
      pairs.set(pair, (pairs.get(pair) ?? 0) + sign * count)
    }
  }
  for (const word of words) tally(word, 1)
  while (tokens.length < size - SPECIAL_TOKENS.length) {
    const best = mostFrequent(pairs)
    if (best === undefined) break
    const [left, right] = best
    merges.push(`${left} ${right}`)
    tokens.push(left + right)
    for (const word of words) {
      const merged = merge(word.parts, left, right)
      if (merged.length === word.parts.length) continue
      tally(word, -1)
      word.parts = merged
      tally(word, 1)
    }
  }
  tokens.push(...SPECIAL_TOKENS)
  return { vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges }
}

/** The text of tokenizer.json. */
export function tokenizerJson({ vocab, merges }: { vocab: Record<string, number>; merges: string[] }): string {
  const added = SPECIAL_TOKENS.map((content) => ({ id: vocab[content]!, content, special: true }))
  const file = byteLevelBpe({ vocab, merges, added, nfc: true, cuts: [QWEN2.pattern.Regex] })
  return `${JSON.stringify(file, null, 1)}\n`
}

/** ChatML without system messages, because this model has learned the grammar that they would explain. */
export const CHAT_TEMPLATE = `{%- for message in messages if message.role != 'system' -%}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|im_start|>assistant\\n' -}}
{%- endif -%}`

/** The text of tokenizer_config.json. */
export function tokenizerConfigJson(maxLength: number): string {
  const file = {
    tokenizer_class: 'Qwen2Tokenizer',
    add_prefix_space: false,
    clean_up_tokenization_spaces: false,
    bos_token: null,
    eos_token: '<|im_end|>',
    pad_token: '<|endoftext|>',
    model_max_length: maxLength,
    chat_template: CHAT_TEMPLATE,
  }
  return `${JSON.stringify(file, null, 2)}\n`
}

/** GPT-2's printable character for each byte. */
function byteLetters(): string[] {
  const printable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173)
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++))
}

function mostFrequent(pairs: ReadonlyMap<string, number>): [string, string] | undefined {
  let best: string | undefined
  let most = 1
  for (const [pair, count] of pairs) {
    if (count > most || (count === most && best !== undefined && pair < best)) {
      best = pair
      most = count
    }
  }
  return best?.split(' ') as [string, string] | undefined
}

function merge(parts: string[], left: string, right: string): string[] {
  const merged: string[] = []
  for (let i = 0; i < parts.length; i++) {
    if (parts[i] === left && parts[i + 1] === right) {
      merged.push(left + right)
      i++
    } else merged.push(parts[i]!)
  }
  return merged
}
