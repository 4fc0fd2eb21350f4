/** The files of a tokenizer, as transformers 4 and 5 write them. */
import { z } from 'zod'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
import { parseJsonFile } from '../checkpoint/model-file.ts'
import { type ModelFiles, modelFiles } from '../checkpoint/model-files.ts'

const addedTokenSchema = z.looseObject({
  id: z.int().nonnegative(),
  content: z.string().min(1),
  special: z.boolean().default(false),
  // Tokens that swallow neighbouring blanks or need word boundaries do not occur in Qwen2's tokenizers.
  single_word: z.literal(false).default(false),
  lstrip: z.literal(false).default(false),
  rstrip: z.literal(false).default(false),
})

/** A part of the tokenizer, which the library makes by its type. */
const partSchema = z.looseObject({ type: z.string() }).nullish()

const tokenizerSchema = z.looseObject({
  normalizer: partSchema,
  pre_tokenizer: partSchema,
  post_processor: partSchema,
  decoder: partSchema,
  added_tokens: z.array(addedTokenSchema).default([]),
  model: z.looseObject({
    type: z.literal('BPE'),
    vocab: z.record(z.string(), z.int().nonnegative()),
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
  }),
})

export type TokenizerJson = z.output<typeof tokenizerSchema>

const tokenNameSchema = z.union([z.string(), z.looseObject({ content: z.string() })])

const tokenizerConfigSchema = z.looseObject({
  // transformers adds these to what tokenizer.json has.
  added_tokens_decoder: z.record(z.string(), z.looseObject({ content: z.string() })).nullish(),
  bos_token: tokenNameSchema.nullish(),
  eos_token: tokenNameSchema.nullish(),
  unk_token: tokenNameSchema.nullish().catch(null),
  pad_token: tokenNameSchema.nullish().catch(null),
  add_bos_token: z.boolean().nullish().catch(null),
  add_eos_token: z.boolean().nullish().catch(null),
  chat_template: z.union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))]).nullish(),
})

const eosSchema = z.looseObject({
  eos_token_id: z.union([z.int().nonnegative(), z.array(z.int().nonnegative())]).nullish(),
})

const CURE = message('useTokenizerOfModel')

/** What the files of a tokenizer say. */
export interface TokenizerFiles {
  /** The model's folder or file, for messages. */
  readonly folder: string
  /** Where `tokenizer` is from, for messages. */
  readonly file: string
  readonly tokenizer: TokenizerJson
  /** Where `config` is from, for messages. */
  readonly configFile: string
  readonly config: z.output<typeof tokenizerConfigSchema>
  /** The chat template; undefined if there is none. */
  readonly template: string | undefined
  /** eos_token_id of generation_config.json, or else of config.json. */
  readonly eos_token_ids: readonly number[]
}

/**
 * Reads tokenizer.json, tokenizer_config.json, chat_template.jinja, generation_config.json and config.json (the last three
 * if they exist) of a model's folder, or what its GGUF file says in their form.
 * @throws UserError if a file is missing or has another form.
 */
export async function readTokenizerFiles(model: string): Promise<TokenizerFiles> {
  const files = modelFiles(model)
  const [file, configFile] = [files.place('tokenizer.json'), files.place('tokenizer_config.json')]
  const tokenizer = parseJsonFile(file, await required(files, 'tokenizer.json'), tokenizerSchema, CURE)
  const configText = await required(files, 'tokenizer_config.json')
  const config = parseJsonFile(configFile, configText, tokenizerConfigSchema, CURE)
  const template = (await files.read('chat_template.jinja')) ?? defaultTemplate(config)
  return { folder: model, file, tokenizer, configFile, config, template, eos_token_ids: await eosTokenIds(files) }
}

async function required(files: ModelFiles, name: string): Promise<string> {
  const text = await files.read(name)
  if (text === undefined) throw new UserError('tokenizerFileMissing', { file: files.place(name) })
  return text
}

function defaultTemplate({ chat_template }: z.infer<typeof tokenizerConfigSchema>): string | undefined {
  if (!Array.isArray(chat_template)) return chat_template ?? undefined
  // With several, none of which is the default, transformers takes none either.
  const only = chat_template.length === 1 ? chat_template[0] : undefined
  return (chat_template.find(({ name }) => name === 'default') ?? only)?.template
}

/** eos_token_id of generation_config.json, or else of config.json. */
async function eosTokenIds(files: ModelFiles): Promise<number[]> {
  for (const name of ['generation_config.json', 'config.json']) {
    const text = await files.read(name)
    const ids = text === undefined ? undefined : parseJsonFile(files.place(name), text, eosSchema, CURE).eos_token_id
    if (ids !== undefined && ids !== null) return typeof ids === 'number' ? [ids] : ids
  }
  return []
}

/** The name of a token in tokenizer_config.json. */
export function tokenName(token: z.infer<typeof tokenNameSchema> | null | undefined): string | undefined {
  return typeof token === 'string' ? token : (token?.content ?? undefined)
}
