/** What an agent reads and writes, in tokens. It needs the tokenizer, but no engine. */
import { PROMPT_STYLES, type PromptStyle } from '../config/choices.ts'
import type { Tokenizer } from '../engine/tokenizer/tokenizer.ts'
import type { Observation } from '../environment/observation.ts'
import { type ChatMessage, promptMessages, promptName, wholePrompt } from './prompt.ts'

export class AgentTexts {
  readonly tokenizer: Tokenizer
  /** The prompt of each step. */
  readonly prompt: PromptStyle

  constructor(tokenizer: Tokenizer, prompt: PromptStyle) {
    this.tokenizer = tokenizer
    this.prompt = prompt
  }

  /** The prompt with its wording, as adapters record it. */
  get promptName(): string {
    return promptName(this.prompt)
  }

  /** Tokens of the prompt for a page. `done` are the earlier actions of this episode. */
  promptTokens(observation: Observation, done: readonly string[]): Int32Array {
    return this.messageTokens(promptMessages(this.prompt, observation, done))
  }

  /** The same, from the user's message. */
  userTokens(content: string): Int32Array {
    return this.messageTokens(wholePrompt(this.prompt, content))
  }

  /** Tokens of chat messages, up to the beginning of the assistant's answer. */
  messageTokens(messages: readonly ChatMessage[]): Int32Array {
    return this.tokenizer.chatPrompt(messages)
  }

  /** Tokens of a completion to train on: its text and the stop token that ends it. */
  completionTokens(text: string): Int32Array {
    return Int32Array.from([...this.tokenizer.encode(text), this.tokenizer.stopTokenIds[0]!])
  }

  /** The text of a completion's tokens. Special tokens in it stay visible, so that the parser refuses them. */
  completionText(tokens: Int32Array): string {
    const stopped = this.tokenizer.stopTokenIds.includes(tokens.at(-1) ?? -1)
    return this.tokenizer.decode(stopped ? tokens.subarray(0, -1) : tokens)
  }
}

/**
 * The prompt for a model: the one that it was trained with, by name. Where nobody says that, a chat template that leaves
 * out the system message cannot carry the instruct prompt, and belongs to a model of the lab's own training.
 */
export function promptOf(tokenizer: Tokenizer, trained?: string): PromptStyle {
  const named = PROMPT_STYLES.find((style) => style === trained?.split(' ')[0])
  if (named !== undefined) return named
  const rule = 'rule of the system'
  const messages = [
    { role: 'system', content: rule },
    { role: 'user', content: 'ask' },
  ]
  return tokenizer.decode(tokenizer.chatPrompt(messages)).includes(rule) ? 'instruct' : 'compact'
}
