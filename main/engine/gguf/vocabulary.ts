/** A tokenizer as values of GGUF's metadata, as llama.cpp's converter writes them. */
import { z } from 'zod'
import { message } from '../../messages/message.ts'
import { parseJsonFile } from '../checkpoint/model-file.ts'
import { modelFiles } from '../checkpoint/model-files.ts'
import { checkTokenizerFits, tokenizerOf } from '../tokenizer/tokenizer.ts'
import { readTokenizerFiles, type TokenizerFiles, tokenName } from '../tokenizer/tokenizer-files.ts'
import { preNameOf } from './pre-name.ts'
import { TOKEN } from './types.ts'
import type { TypedValue, TypedValues } from './write.ts'

export interface Vocabulary {
  readonly values: TypedValues
  /** Whether llama.cpp cuts every text as this tokenizer does. */
  readonly same: boolean
}

/**
 * The tokenizer of a model, a folder or a GGUF file, with as many tokens as the model has embeddings.
 * @throws UserError as loadTokenizer and checkTokenizerFits do.
 */
export async function readVocabulary(model: string, vocabSize: number): Promise<Vocabulary> {
  const files = await readTokenizerFiles(model)
  const tokenizer = tokenizerOf(files)
  checkTokenizerFits(tokenizer, { vocab_size: vocabSize })
  const { name: pre, same } = preNameOf(files.tokenizer)
  const tokens = tokensOf(files, vocabSize)
  const merges = files.tokenizer.model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')))
  const values: [string, TypedValue][] = [
    ['tokenizer.ggml.model', 'gpt2'],
    ['tokenizer.ggml.pre', pre],
    ['tokenizer.ggml.tokens', { strings: tokens.map(({ text }) => text) }],
    ['tokenizer.ggml.token_type', { int32s: tokens.map(({ type }) => type) }],
    ['tokenizer.ggml.merges', { strings: merges }],
    ...specialIds(files, await configIds(model), tokenizer.stopTokenIds[0]!, vocabSize),
    ...addedTokens(files),
  ]
  if (files.template !== undefined) values.push(['tokenizer.chat_template', files.template])
  return { values, same }
}

/** The tokens by their ids. No two have the same text: llama.cpp would abort. */
function tokensOf({ tokenizer }: TokenizerFiles, vocabSize: number): { text: string; type: number }[] {
  const named = new Map(
    Object.entries(tokenizer.model.vocab).map(([text, id]) => [id, { text, type: TOKEN.normal as number }]),
  )
  for (const { id, content, special } of tokenizer.added_tokens) {
    const isControl = special || /^<\|.*\|>$/.test(content)
    named.set(id, { text: content, type: isControl ? TOKEN.control : TOKEN.userDefined })
  }
  const taken = new Set([...named.values()].map(({ text }) => text))
  const used = new Set<string>()
  return Array.from({ length: vocabSize }, (_, id) => {
    const token = named.get(id)
    if (token !== undefined && token.text !== '' && !used.has(token.text)) {
      used.add(token.text)
      return token
    }
    let text = `[PAD${id}]`
    while (taken.has(text)) text = `[${text}]`
    return { text, type: TOKEN.unused }
  })
}

const idSchema = z.int().nonnegative()
const idsSchema = z.looseObject({
  bos_token_id: idSchema.nullish().catch(null),
  eos_token_id: idSchema.nullish().catch(null),
  pad_token_id: idSchema.nullish().catch(null),
})

async function configIds(model: string): Promise<z.output<typeof idsSchema>> {
  const { place, read } = modelFiles(model)
  const text = await read('config.json')
  return text === undefined ? {} : parseJsonFile(place('config.json'), text, idsSchema, message('copyAgain'))
}

/** The ids of special tokens: those that tokenizer_config.json names, else those of config.json. */
function specialIds(
  { tokenizer, config }: TokenizerFiles,
  ids: z.output<typeof idsSchema>,
  endOfTurn: number,
  vocabSize: number,
): [string, TypedValue][] {
  const idOf = (name: string | undefined) =>
    name === undefined
      ? undefined
      : (tokenizer.added_tokens.find(({ content }) => content === name)?.id ?? tokenizer.model.vocab[name])
  const eos = idOf(tokenName(config.eos_token)) ?? ids.eos_token_id ?? endOfTurn
  const found = {
    bos: idOf(tokenName(config.bos_token)) ?? ids.bos_token_id,
    eos,
    // llama.cpp ends an answer at the end of a turn too, but knows that token only by names of published models.
    eot: endOfTurn === eos ? undefined : endOfTurn,
    unknown: idOf(tokenName(config.unk_token)),
    padding: idOf(tokenName(config.pad_token)) ?? ids.pad_token_id,
  }
  return Object.entries(found).flatMap(([kind, id]) =>
    id == null || id >= vocabSize ? [] : [[`tokenizer.ggml.${kind}_token_id`, { uint32: id }]],
  )
}

const templateSchema = z.looseObject({
  type: z.literal('TemplateProcessing'),
  single: z.array(z.looseObject({ SpecialToken: z.looseObject({ id: z.string() }).optional() })),
})

/**
 * Whether a text gets a token before it and behind it: as tokenizer_config.json says, else as the post-processor of
 * tokenizer.json does. llama.cpp would otherwise decide by the pre-tokenizer.
 */
function addedTokens({ tokenizer, config }: TokenizerFiles): [string, TypedValue][] {
  const { post_processor: processor } = tokenizer
  const processors = z.array(z.unknown()).safeParse(processor?.processors).data ?? [processor]
  const templates = processors.flatMap((each) => templateSchema.safeParse(each).data?.single ?? [])
  const adds = (token: unknown, name: string | undefined) =>
    name !== undefined && templates.length > 1 && templateToken(token) === name
  return [
    ['tokenizer.ggml.add_bos_token', config.add_bos_token ?? adds(templates[0], tokenName(config.bos_token))],
    ['tokenizer.ggml.add_eos_token', config.add_eos_token ?? adds(templates.at(-1), tokenName(config.eos_token))],
  ]
}

function templateToken(part: unknown): string | undefined {
  return templateSchema.shape.single.element.safeParse(part).data?.SpecialToken?.id
}
