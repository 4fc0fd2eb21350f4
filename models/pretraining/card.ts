/** Writes the model card that ships beside the weights. */
import type { ModelConfig } from '../../main/engine/engine.ts'
import type { Accuracy } from './accuracy.ts'
import type { Progress } from './state.ts'

export interface CardFacts {
  readonly config: ModelConfig
  readonly progress: Progress
  readonly accuracy: Accuracy
  readonly description: string
}

/** The model card in Markdown: what the model is, how it was made, and what it can do. */
export function modelCard({ config, progress, accuracy, description }: CardFacts): string {
  const rows = [...accuracy].map(
    ([kind, { right, of }]) => `| ${kind} | ${((100 * right) / of).toFixed(1)} % | ${of} |`,
  )
  const sittings = progress.sittings === 1 ? 'in one sitting' : `in ${progress.sittings} sittings`
  return `# The lab's base model

A small decoder of the Qwen2 architecture: ${config.num_hidden_layers} layers, hidden size ${config.hidden_size}, ${config.num_attention_heads} heads (${config.num_key_value_heads} for keys and values), intermediate size ${config.intermediate_size}, a byte-level BPE vocabulary of ${config.vocab_size} with Qwen2's pre-tokenizer and special tokens, tied head.

It knows how to find, copy and act on elements of a page written as text, in the lab's own form (one line an element; an answer is a thought and an action). It was trained from nothing on generated pages with made-up words (\`models/pretraining/\`), never on a page, a task or a seed of MiniWoB++. It knows no facts and no language beyond that, and is of no use elsewhere.

Made by \`npm run base:train\`: ${progress.step} steps of AdamW, ${(progress.tokens / 1e6).toFixed(1)} M tokens with ${Math.round(progress.answers / 1000)} k answered queries, loss on the answers only, ${Math.round(progress.seconds / 60)} minutes ${sittings} on: ${description}. Loss at the end: ${progress.loss.toFixed(3)} nats a token.

Held-out pages, share of answers right to the last token:

| lesson | right | answers |
|---|---|---|
${rows.join('\n')}
`
}
