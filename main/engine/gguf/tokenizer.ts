/** A GGUF file's tokenizer as the files of a Hugging Face folder. */
import { z } from 'zod'
import { says } from '../../config/demand.ts'
import { shortText } from '../../messages/cut.ts'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
import { parseValue } from '../checkpoint/model-file.ts'
import { type AddedToken, byteLevelBpe } from '../tokenizer/byte-level-bpe.ts'
import { arrayOf, type Value, type ValueArray } from './header.ts'
import type { Gguf } from './parts.ts'
import { PRE_TOKENIZERS, type PreTokenizer } from './pre-tokenizers.ts'
import { TOKEN, VALUE } from './types.ts'

/** Beyond every published model, as for vocab_size. */
const MAX_TOKENS = 2 ** 24

const arrayOfType = (wrong: ReturnType<typeof says>, ...types: readonly number[]) =>
  z.custom<ValueArray>(
    (value) =>
      typeof value === 'object' && value !== null && 'type' in value && types.includes((value as ValueArray).type),
    wrong,
  )
const strings = arrayOfType(says('mustBeTexts'), VALUE.string).refine(({ count }) => count <= MAX_TOKENS)
const id = z.int().nonnegative().optional()

const schema = z.looseObject({
  model: z.string(),
  pre: z.string().default('default'),
  tokens: strings,
  token_type: arrayOfType(says('mustBeWholeNumbers'), VALUE.int32, VALUE.uint32).optional(),
  merges: strings,
  bos_token_id: id,
  eos_token_id: id,
  eot_token_id: id,
  eom_token_id: id,
  padding_token_id: id,
  add_bos_token: z.boolean().optional(),
})

type Keys = z.infer<typeof schema>

const PREFIX = 'tokenizer.ggml.'

/** Tokens by whose texts llama.cpp knows, beside the ids of the metadata, that an answer ends. */
const ENDS = ['<|im_end|>', '<|endoftext|>', '<|eot_id|>', '<|eom_id|>', '<|end_of_text|>']

export interface GgufTokenizer {
  /** The text of tokenizer.json. */
  readonly tokenizer: string
  /** The contents of tokenizer_config.json and generation_config.json. */
  readonly config: object
  readonly generation: object
}

/**
 * The tokenizer of a GGUF file's model, giving the ids of the model's own tokenizer.json.
 * @throws UserError if it is no byte-level BPE, or cuts texts in a way that this lab does not know.
 */
export function ggufTokenizer(gguf: Gguf): GgufTokenizer {
  const { file } = gguf
  const { keys, chat_template, own, pre } = declaredTokenizer(gguf)
  const tokens = arrayOf(file, keys.tokens) as string[]
  const types = keys.token_type === undefined ? [] : (arrayOf(file, keys.token_type) as number[])
  const added = addedTokens(tokens, types, pre?.ordinary)
  const textOf = (token: number | undefined) => (token === undefined ? null : (tokens[token] ?? null))
  return {
    // The format has a key for the whole of it, which few writers use.
    tokenizer: own ?? tokenizerJson(file, keys, tokens, types, added),
    config: {
      tokenizer_class: pre === PRE_TOKENIZERS.qwen2 ? 'Qwen2Tokenizer' : 'PreTrainedTokenizerFast',
      bos_token: textOf(keys.bos_token_id),
      eos_token: textOf(keys.eos_token_id),
      pad_token: textOf(keys.padding_token_id),
      add_bos_token: keys.add_bos_token ?? false,
      add_prefix_space: false,
      clean_up_tokenization_spaces: false,
      chat_template,
    },
    generation: { eos_token_id: ends(keys, added) },
  }
}

/** What the metadata says of the tokenizer, without its vocabulary. @throws UserError as ggufTokenizer does. */
export function declaredTokenizer({ file, metadata }: Gguf) {
  const keys = keysOf(file, metadata)
  const chat_template = metadata.get('tokenizer.chat_template')
  if (typeof chat_template !== 'string') throw new UserError('ggufTemplateMissing', { file })
  const json = metadata.get('tokenizer.huggingface.json')
  const own = typeof json === 'string' ? json : null
  return { keys, chat_template, own, pre: own === null ? preTokenizerOf(file, keys.pre) : null }
}

function preTokenizerOf(file: string, name: string): PreTokenizer {
  const pre = Object.hasOwn(PRE_TOKENIZERS, name) ? PRE_TOKENIZERS[name] : undefined
  if (pre === undefined)
    throw new UserError('ggufPreTokenizer', { file, pre: shortText(name), known: Object.keys(PRE_TOKENIZERS) })
  return pre
}

function keysOf(file: string, metadata: ReadonlyMap<string, Value>): Keys {
  const own = [...metadata].flatMap(([key, value]) =>
    key.startsWith(PREFIX) ? [[key.slice(PREFIX.length), value]] : [],
  )
  const given = Object.fromEntries(own) as Record<string, unknown>
  if (typeof given.model === 'string' && given.model !== 'gpt2') {
    throw new UserError('ggufTokenizer', { file, model: shortText(given.model) })
  }
  const keys = parseValue(file, given, schema, message('ggufOtherTokenizer'), (key) => PREFIX + key)
  const [tokens, types = tokens] = [keys.tokens.count, keys.token_type?.count]
  if (tokens !== types) throw new UserError('ggufDamaged', { file, what: message('ggufTokenTypes', { tokens, types }) })
  return keys
}

function addedTokens(
  tokens: readonly string[],
  types: readonly number[],
  ordinary: readonly string[] = [],
): AddedToken[] {
  return tokens.flatMap((content, id) => {
    const type = types[id]
    if (type !== TOKEN.control && type !== TOKEN.userDefined && type !== TOKEN.unknown) return []
    return [{ id, content, special: type !== TOKEN.userDefined && !ordinary.includes(content) }]
  })
}

function tokenizerJson(
  file: string,
  keys: Keys,
  tokens: readonly string[],
  types: readonly number[],
  added: readonly AddedToken[],
): string {
  const pre = preTokenizerOf(file, keys.pre)
  const merges = arrayOf(file, keys.merges) as string[]
  const odd = merges.find((merge) => !/^\S+ \S+$/.test(merge))
  if (odd !== undefined)
    throw new UserError('ggufDamaged', { file, what: message('ggufMergeWrong', { merge: shortText(odd) }) })
  const ordinary = tokens.flatMap((token, id): [string, number][] =>
    (types[id] ?? TOKEN.normal) === TOKEN.normal ? [[token, id]] : [],
  )
  const { nfc, cuts, ignoreMerges } = pre
  const vocab = Object.fromEntries(ordinary)
  return JSON.stringify(byteLevelBpe({ vocab, merges, added, nfc, cuts, ignoreMerges }))
}

function ends(keys: Keys, added: readonly AddedToken[]): number[] {
  const named = added.flatMap(({ id, content, special }) => (special && ENDS.includes(content) ? [id] : []))
  const { eos_token_id, eot_token_id, eom_token_id } = keys
  return [...new Set([eos_token_id, eot_token_id, eom_token_id, ...named])].filter((token) => token !== undefined)
}
