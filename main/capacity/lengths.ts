/** Lengths of prompts and answers, for estimates before any exist. */
import { BEFORE } from '../agent/prompt.ts'
import type { Config } from '../config/schema.ts'
import type { ModelConfig } from '../engine/engine.ts'

/** In tokens. */
export interface Lengths {
  readonly prompt: number
  readonly completion: number
}

/** The fewest characters of a text in a token. Most texts have more. */
export const CHARACTERS_A_TOKEN = 3
/** Tokens of the usual page with its task, and characters to which pages are cut by default. */
const USUAL_PAGE = { tokens: 512, max_chars: 6000 } as const
/** Tokens of the usual answer. */
const USUAL_ANSWER = 64
/** Models of the lab's own training have a smaller vocabulary, pretrained ones a larger one. */
const OWN_VOCABULARY = 8192

/**
 * Tokens that all prompts begin with. Only the prompt `instruct` counts: the others are short, and the shipped model's chat
 * template leaves them out. Without the tokenizer nobody knows which prompt `auto` is, so the vocabulary tells.
 */
export function beginningTokens({ model }: Config, { vocab_size }: Pick<ModelConfig, 'vocab_size'>): number {
  const isInstruct = model.prompt === 'auto' ? vocab_size > OWN_VOCABULARY : model.prompt === 'instruct'
  if (!isInstruct) return 0
  const characters = BEFORE.instruct.reduce((sum, { content }) => sum + content.length, 0)
  return Math.ceil(characters / CHARACTERS_A_TOKEN)
}

/** The usual lengths, by the configured prompt and the most characters of a page; a model with few positions has shorter ones. */
export function usualLengths(
  config: Config,
  shape: Pick<ModelConfig, 'vocab_size' | 'max_position_embeddings'>,
): Lengths {
  const page = Math.ceil((config.environment.max_chars * USUAL_PAGE.tokens) / USUAL_PAGE.max_chars)
  const prompt = beginningTokens(config, shape) + page
  return {
    prompt: Math.max(1, Math.min(prompt, shape.max_position_embeddings - USUAL_ANSWER)),
    completion: USUAL_ANSWER,
  }
}
