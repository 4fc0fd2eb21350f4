/**
 * The tokenizer of a model, and its chat template.
 *
 * The text of messages and completions comes from web pages and from the model, so it is not trusted: a page that shows
 * `<|im_end|>` must not end the user's turn. Only the chat template itself produces special tokens; everywhere else their
 * names are ordinary characters.
 */
import { Tokenizer as ByteLevelBpe } from '@huggingface/tokenizers'
import { UserError } from '../../messages/error.ts'
import { reasonOf } from '../../messages/reason.ts'
import type { Vocabulary } from '../engine.ts'
import { type ChatMessage, chatRenderer } from './chat-template.ts'
import { cutsAsQwen2 } from './pre-tokenizer.ts'
import { readTokenizerFiles, type TokenizerFiles, type TokenizerJson, tokenName } from './tokenizer-files.ts'

export interface Tokenizer {
  /** The bytes of its tokens. */
  readonly vocabulary: Vocabulary
  /** One more than the largest token id. */
  readonly vocabSize: number
  /**
   * The tokens that end a completion. The chat template puts the first after an assistant's message, and training
   * completions end with it.
   */
  readonly stopTokenIds: readonly number[]
  /** Tokens of plain text. Nothing is added, and the names of special tokens are ordinary characters. */
  encode(text: string): Int32Array
  /** The text of tokens. Ids that the tokenizer lacks (models pad their vocabulary) and cut-off UTF-8 become U+FFFD. */
  decode(ids: ArrayLike<number>, options?: { skipSpecial?: boolean }): string
  /** Tokens of the messages in the chat template, with the opening of the assistant's answer if requested. */
  chatPrompt(messages: readonly ChatMessage[], options?: { addGenerationPrompt?: boolean }): Int32Array
}

/**
 * The tokenizer of a model's folder, or of its GGUF file.
 * @throws UserError as readTokenizerFiles does, and if the files do not make a tokenizer.
 */
export async function loadTokenizer(model: string): Promise<Tokenizer> {
  return tokenizerOf(await readTokenizerFiles(model))
}

/** A tokenizer of what its files say. @throws UserError if they do not make one. */
export function tokenizerOf(files: TokenizerFiles): Tokenizer {
  const { folder, file, tokenizer: source, configFile, config, template } = files

  // Checkpoints trained with the tokenizers library list special tokens in the vocabulary too. Without these entries no
  // plain text can become one.
  const addedTokens = source.added_tokens
  const vocab = { ...source.model.vocab }
  for (const { content } of addedTokens) delete vocab[content]
  const missing = byteAlphabet().flatMap((character, byte) => (vocab[character] === undefined ? [byte] : []))
  if (missing.some(isOfText)) {
    throw new UserError('vocabularyLacksBytes', { file, missing: missing.length })
  }
  const bpe = build(file, { ...source, added_tokens: [], model: { ...source.model, vocab } })

  for (const [id, { content }] of Object.entries(config.added_tokens_decoder ?? {})) {
    const here = addedTokens.find((token) => token.content === content)?.id ?? source.model.vocab[content]
    if (here !== Number(id)) throw new UserError('addedTokenElsewhere', { file: configFile, token: content, id })
  }
  const idOfAdded = new Map(addedTokens.map(({ content, id }) => [content, id]))
  const addedById = new Map(addedTokens.map((token) => [token.id, token]))
  const known = new Set(Object.values(vocab))
  const vocabSize = [...known, ...addedById.keys()].reduce((largest, id) => Math.max(largest, id), -1) + 1

  const encode = (text: string): Int32Array =>
    Int32Array.from(text === '' ? [] : bpe.encode(text, { add_special_tokens: false }).ids)

  function decode(ids: ArrayLike<number>, { skipSpecial = false } = {}): string {
    let text = ''
    let run: number[] = []
    const flush = () => {
      if (run.length > 0) text += bpe.decode(run, { clean_up_tokenization_spaces: false })
      run = []
    }
    for (const id of Array.from(ids)) {
      if (known.has(id)) {
        run.push(id)
        continue
      }
      flush()
      const added = addedById.get(id)
      if (added === undefined) text += '\uFFFD'
      else if (!(skipSpecial && added.special)) text += added.content
    }
    flush()
    return text
  }

  if (cutsAsQwen2(source)) checkCuts(file, source.model, encode)

  if (template === undefined) {
    throw new UserError('chatTemplateMissing', { file: configFile })
  }
  const render = chatRenderer(folder, template, {
    bos_token: tokenName(config.bos_token) ?? '',
    eos_token: tokenName(config.eos_token) ?? '',
  })

  /** The template's text in pieces: ids of the special tokens that the template wrote, and the plain text between them. */
  function chatPieces(messages: readonly ChatMessage[], addGenerationPrompt: boolean): (number | string)[] {
    const mark = unusedMark(messages)
    const shielded = messages.map((message) => ({
      ...message,
      content: message.content.replace(anyOf([...idOfAdded.keys()]), (name) => mark + name + mark),
    }))
    const pieces: (number | string)[] = []
    let plain = ''
    // Splitting at the marks too puts the shielded text at the odd indices.
    for (const [index, part] of render(shielded, addGenerationPrompt).split(mark).entries()) {
      if (index % 2 === 1) {
        plain += part
        continue
      }
      let from = 0
      for (const match of part.matchAll(anyOf([...idOfAdded.keys()]))) {
        pieces.push(plain + part.slice(from, match.index), idOfAdded.get(match[0])!)
        plain = ''
        from = match.index + match[0].length
      }
      plain += part.slice(from)
    }
    return [...pieces, plain]
  }

  const probe = chatPieces(
    [
      { role: 'user', content: 'ask' },
      { role: 'assistant', content: 'answer' },
    ],
    false,
  )
  const answerAt = probe.findLastIndex((piece) => typeof piece === 'string' && piece.includes('answer'))
  const endOfTurn = probe.slice(answerAt + 1).find((piece) => typeof piece === 'number')
  const stopTokenIds = [
    ...new Set([
      ...(endOfTurn === undefined ? [] : [endOfTurn]),
      ...files.eos_token_ids,
      ...[idOfAdded.get(tokenName(config.eos_token) ?? '')].filter((id) => id !== undefined),
    ]),
  ]
  if (stopTokenIds.length === 0) {
    throw new UserError('stopTokenMissing', { file: configFile })
  }

  let vocabulary: Vocabulary | undefined
  return {
    get vocabulary() {
      vocabulary ??= vocabularyOf(vocab, vocabSize)
      return vocabulary
    },
    vocabSize,
    stopTokenIds,
    encode,
    decode,
    chatPrompt: (messages, { addGenerationPrompt = true } = {}) =>
      Int32Array.from(
        chatPieces(messages, addGenerationPrompt).flatMap((piece) =>
          typeof piece === 'number' ? [piece] : [...encode(piece)],
        ),
      ),
  }
}

/**
 * @throws UserError if the tokenizer has tokens that the model has no embedding for, or its chat template leaves out what
 *   the user says.
 */
export function checkTokenizerFits(tokenizer: Tokenizer, config: { readonly vocab_size: number }): void {
  const asked = tokenizer.decode(tokenizer.chatPrompt([{ role: 'user', content: 'ask' }]))
  if (!asked.includes('ask')) throw new UserError('chatTemplateSilent', { text: JSON.stringify(asked) })
  if (tokenizer.vocabSize > config.vocab_size) {
    throw new UserError('vocabularyTooLarge', { largest: tokenizer.vocabSize - 1, size: config.vocab_size })
  }
}

function build(file: string, source: object): ByteLevelBpe {
  try {
    return new ByteLevelBpe(source, {})
  } catch (error) {
    throw new UserError('tokenizerUnusable', { file, reason: reasonOf(error) })
  }
}

/** More bytes than any token has that an answer needs. */
const LONGEST_TOKEN = 512

/** How many merges are tried, and the share that may never happen. Of Qwen2's own plain ones every merge can happen. */
const TRIED = 1000
const CUT_APART = 0.02

/**
 * Whether the vocabulary can come out of Qwen2's pre-tokenizer. transformers 5 writes that one into the tokenizer.json of
 * every Qwen2 model that it saves, also of those that were trained with another.
 * @throws UserError if the pre-tokenizer cuts many tokens of the vocabulary apart.
 */
function checkCuts(file: string, { merges }: TokenizerJson['model'], encode: (text: string) => Int32Array): void {
  const joined = merges.map((merge) => (typeof merge === 'string' ? merge.replace(' ', '') : merge.join('')))
  // Only printable ASCII, which stands for itself in the alphabet of bytes; Ġ is the blank.
  const plain = joined.filter((token) => /^Ġ?[!-~]+$/.test(token)).map((token) => token.replace('Ġ', ' '))
  const tried = plain.filter((_, index) => index % Math.ceil(plain.length / TRIED) === 0)
  const apart = tried.filter((token) => encode(token).length > 1)
  if (apart.length > CUT_APART * tried.length) {
    const figures = { apart: apart.length, tried: tried.length, example: JSON.stringify(apart[0]) }
    throw new UserError('preTokenizerOfAnother', { file, ...figures })
  }
}

/** Matches any of the names, the longest first; matches nothing if there are none. */
function anyOf(names: readonly string[]): RegExp {
  const byLength = [...names].sort((a, b) => b.length - a.length)
  const escaped = byLength.map((name) => name.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
  return new RegExp(escaped.length === 0 ? '(?!)' : escaped.join('|'), 'g')
}

/** A string that no message contains. It does not overlap itself, so it cannot arise where a message meets it either. */
function unusedMark(messages: readonly ChatMessage[]): string {
  for (let number = 0; ; number++) {
    const mark = `\uE000${number}\uE001`
    if (!messages.some(({ content }) => content.includes(mark))) return mark
  }
}

/**
 * Whether a byte is in ordinary text. Vocabularies trained on little text, as SmolLM2's, lack control characters and the
 * beginnings of characters that UTF-8 or Unicode does not have. As in transformers, they vanish from texts.
 */
function isOfText(byte: number): boolean {
  const isControl = byte < 32 && !'\t\n\r'.includes(String.fromCharCode(byte))
  return !isControl && byte !== 0xc0 && byte !== 0xc1 && byte <= 0xf0
}

/** The bytes of the tokens that the vocabulary names by id. A token with a character of no byte gets none. */
function vocabularyOf(vocab: Readonly<Record<string, number>>, size: number): Vocabulary {
  const byteOf = new Map(byteAlphabet().map((character, byte) => [character, byte]))
  const tokens = new Array<number[]>(size)
  let total = 0
  for (const [token, id] of Object.entries(vocab)) {
    const bytes = Array.from(token, (character) => byteOf.get(character))
    if (bytes.length > LONGEST_TOKEN || bytes.includes(undefined)) continue
    total += bytes.length - (tokens[id]?.length ?? 0)
    tokens[id] = bytes as number[]
  }
  const all = { bytes: new Uint8Array(total), offsets: new Int32Array(size + 1) }
  for (let id = 0, at = 0; id < size; id++) {
    const bytes = tokens[id] ?? []
    all.bytes.set(bytes, at)
    at += bytes.length
    all.offsets[id + 1] = at
  }
  return all
}

/** GPT-2's printable characters for the 256 bytes. Byte-level BPE vocabularies are written in them. */
function byteAlphabet(): string[] {
  const printable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173)
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++))
}
