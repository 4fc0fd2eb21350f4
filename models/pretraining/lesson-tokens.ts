/** Turns lessons into a forest: each page is a root, computed once, and every answered query hangs below it. */
import type { Forest, Segment } from '../../main/engine/engine.ts'
import type { Tokenizer } from '../../main/engine/tokenizer/tokenizer.ts'
import type { Lesson } from './lesson.ts'

/**
 * Each query has the tokens of the chat template's prompt and of the completion with its stop token. Only the completion's
 * are targets.
 */
export function lessonForest(lessons: readonly Lesson[], tokenizer: Tokenizer): Forest {
  const segments: Segment[] = []
  for (const { page, answers } of lessons) {
    const shared = tokenizer.chatPrompt([{ role: 'user', content: page }], { addGenerationPrompt: true })
    // The template closes the message after the page. A longer message continues where the page ends.
    const prompts = answers.map(({ task }) =>
      tokenizer.chatPrompt([{ role: 'user', content: page + task }], { addGenerationPrompt: true }),
    )
    const length = commonPrefix([shared, ...prompts])
    const parent = segments.push({ tokens: shared.subarray(0, length), parent: -1, targetStart: length }) - 1
    for (const [i, { completion }] of answers.entries()) {
      const rest = prompts[i]!.subarray(length)
      const answer = tokenizer.encode(completion)
      const tokens = Int32Array.from([...rest, ...answer, tokenizer.stopTokenIds[0]!])
      segments.push({ tokens, parent, targetStart: rest.length })
    }
  }
  return segments
}

function commonPrefix(rows: readonly Int32Array[]): number {
  const [first, ...others] = rows
  const end = first!.findIndex((token, i) => others.some((row) => row[i] !== token))
  return end === -1 ? first!.length : end
}
