/** The tokenizer.json of a byte-level BPE (bytes as in GPT-2), in the form of the tokenizers library. */

/** A token that is found in a text before anything is merged. */
export interface AddedToken {
  readonly id: number
  readonly content: string
  /** Whether decoding can leave it out. */
  readonly special: boolean
}

export interface ByteLevelBpe {
  readonly vocab: Readonly<Record<string, number>>
  /** Two parts with a space between them, the first to be merged first. */
  readonly merges: readonly string[]
  readonly added: readonly AddedToken[]
  /** Whether a text is normalised to NFC. */
  readonly nfc: boolean
  /** Expressions whose matches are cut out one after another before anything is merged; none for GPT-2's own cuts. */
  readonly cuts: readonly string[]
  /** Whether a piece that is a token is not merged from its bytes. */
  readonly ignoreMerges?: boolean
}

/** The contents of tokenizer.json. */
export function byteLevelBpe({ vocab, merges, added, nfc, cuts, ignoreMerges = false }: ByteLevelBpe) {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: cuts.length === 0 }
  const splits = cuts.map((Regex) => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false }))
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map(({ id, content, special }) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special,
    })),
    normalizer: nfc ? { type: 'NFC' } : null,
    pre_tokenizer: splits.length === 0 ? byteLevel : { type: 'Sequence', pretokenizers: [...splits, byteLevel] },
    post_processor: byteLevel,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ...(ignoreMerges && { ignore_merges: true }),
      vocab,
      merges,
    },
  }
}
