/**
 * What transformers 5 makes of a tokenizer. For every model of type qwen2 or qwen3 it takes Qwen2Tokenizer, whatever
 * tokenizer_class says, and that class cuts text as Qwen2's own tokenizer does: of tokenizer.json it keeps vocabulary and
 * merges, not the pre-tokenizer. Saving such a tokenizer writes the other pre-tokenizer into tokenizer.json.
 */
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { writeFileAtomic } from '../../files/file.ts'
import { message } from '../../messages/message.ts'
import { parseJsonFile, readOptional } from '../checkpoint/model-file.ts'

/** What Qwen2's own tokenizer does with a text before it merges, as in transformers' Qwen2Tokenizer. */
export const QWEN2 = {
  normalizer: { type: 'NFC' },
  pattern: {
    Regex:
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  },
} as const

const cutSchema = z.looseObject({
  normalizer: z.unknown(),
  pre_tokenizer: z.looseObject({
    type: z.literal('Sequence'),
    pretokenizers: z.tuple([
      z.looseObject({
        type: z.literal('Split'),
        pattern: z.unknown(),
        behavior: z.literal('Isolated'),
        invert: z.literal(false).default(false),
      }),
      z.looseObject({
        type: z.literal('ByteLevel'),
        add_prefix_space: z.literal(false),
        use_regex: z.literal(false),
      }),
    ]),
  }),
  model: z.looseObject({ ignore_merges: z.literal(false).default(false) }),
})

/** Whether a parsed tokenizer.json cuts text as Qwen2's own does, so that transformers 5 changes nothing. */
export function cutsAsQwen2(tokenizer: unknown): boolean {
  const parsed = cutSchema.safeParse(tokenizer)
  if (!parsed.success) return false
  const { normalizer, pre_tokenizer } = parsed.data
  return (
    isDeepStrictEqual(normalizer, QWEN2.normalizer) &&
    isDeepStrictEqual(pre_tokenizer.pretokenizers[0].pattern, QWEN2.pattern)
  )
}

const MODULE = 'tokenization.py'
const CLASS = 'TokenizerOfFile'
const AUTO_MAP = { AutoTokenizer: [null, `tokenization.${CLASS}`] }
const TOKENIZATION = `from transformers import PreTrainedTokenizerFast


class ${CLASS}(PreTrainedTokenizerFast):
    """The tokenizer of tokenizer.json as it stands, with its own pre-tokenizer in place of Qwen2's."""
`

/**
 * Makes AutoTokenizer of transformers 4 and 5 give the ids of a folder's tokenizer.json. Changes nothing, and returns false,
 * if both do so anyway, or if the model brings code of its own.
 *
 * If tokenizer_config.json names a class of the model's own (auto_map), transformers 5 does not insist on Qwen2Tokenizer.
 * It does not run that class either unless trust_remote_code is set, and takes tokenizer_class, which is then
 * tokenizer.json as it stands. With trust_remote_code it runs tokenization.py, which means the same.
 * @throws UserError if a file is not JSON.
 */
export async function keepPreTokenizer(folder: string): Promise<boolean> {
  const read = async (name: string) => {
    const file = join(folder, name)
    const text = await readOptional(file)
    return text === undefined ? undefined : parseJsonFile(file, text, z.looseObject({}), message('useTokenizerOfModel'))
  }
  const tokenizer = await read('tokenizer.json')
  const configName = 'tokenizer_config.json'
  const config = await read(configName)
  if (tokenizer === undefined || config === undefined || cutsAsQwen2(tokenizer)) return false
  const { auto_map = null } = config
  if (auto_map !== null && !JSON.stringify(auto_map).includes(CLASS)) return false
  const kept = { ...config, tokenizer_class: 'PreTrainedTokenizerFast', auto_map: AUTO_MAP }
  writeFileAtomic(join(folder, configName), `${JSON.stringify(kept, null, 2)}\n`)
  writeFileAtomic(join(folder, MODULE), TOKENIZATION)
  return true
}
