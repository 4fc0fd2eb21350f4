/** The name by which llama.cpp knows how a tokenizer cuts text before it merges (`tokenizer.ggml.pre`). */
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { TokenizerJson } from '../tokenizer/tokenizer-files.ts'
import { PRE_TOKENIZERS } from './pre-tokenizers.ts'

/** Where llama.cpp has no such rules: with these it gives most texts the ids of this lab's own base model. */
const NEAREST = 'gpt-2'

/** The name for a tokenizer.json, and whether llama.cpp then cuts every text in NFC as the tokenizer does. */
export function preNameOf(tokenizer: TokenizerJson): { readonly name: string; readonly same: boolean } {
  const cuts = cutsSchema.safeParse(tokenizer.pre_tokenizer).data
  const ignoreMerges = tokenizer.model.ignore_merges === true
  const known = Object.entries(PRE_TOKENIZERS).find(
    ([, pre]) => pre.ignoreMerges === ignoreMerges && isDeepStrictEqual(pre.cuts, cuts),
  )
  const normalizer = tokenizer.normalizer?.type ?? 'NFC'
  return { name: known?.[0] ?? NEAREST, same: known !== undefined && normalizer === 'NFC' }
}

const stepSchema = z.discriminatedUnion('type', [
  z
    .object({
      type: z.literal('Split'),
      pattern: z.object({ Regex: z.string() }),
      behavior: z.literal('Isolated'),
      invert: z.literal(false).default(false),
    })
    .transform(({ pattern }) => [pattern.Regex]),
  z.object({ type: z.literal('Digits'), individual_digits: z.literal(true) }).transform(() => ['\\p{N}']),
  z
    .object({ type: z.literal('ByteLevel'), add_prefix_space: z.literal(false), use_regex: z.boolean().default(true) })
    .transform(({ use_regex }) => (use_regex ? PRE_TOKENIZERS['gpt-2']!.cuts : [])),
])

/** The expressions of a pre-tokenizer's steps. */
const cutsSchema = z.union([
  z
    .object({ type: z.literal('Sequence'), pretokenizers: z.array(stepSchema) })
    .transform(({ pretokenizers }) => pretokenizers.flat()),
  stepSchema,
])
