/** The prompt of one step, as chat messages. The model's own chat template turns them into text. */
import { type Observation, renderPage } from '../environment/observation.ts'

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/**
 * The grammar in words, for models that were not trained on it. The chat template of the shipped base model leaves it
 * out.
 */
export const SYSTEM_PROMPT = `You act on a web page, one action at a time. Each line of the page is one element: its name, its role, its ref number, then its state. Answer with exactly two lines:
Thought: what the task needs next
Action: one of
  click <name> <role> <ref>
  fill <name> <role> <ref> = <text>
  select <name> <role> <ref> = <option>
  press <key>
Copy name, role and ref from the page as they stand there.`

/**
 * The page comes before the task, so prompts for several tasks on one page share a prefix, which is computed once.
 * `done` are the earlier actions of this episode as the agent wrote them, oldest first.
 */
export function promptMessages(observation: Observation, done: readonly string[]): ChatMessage[] {
  return [
    { role: 'system', content: SYSTEM_PROMPT },
    { role: 'user', content: pagePart(observation) + taskPart(observation.instruction, done) },
  ]
}

/** The part of the user's message that depends on the page alone. */
export function pagePart(observation: Observation): string {
  return `Page:\n${renderPage(observation)}\n`
}

/** The part that depends on the task and the earlier actions. */
export function taskPart(instruction: string, done: readonly string[]): string {
  return [`Task: ${instruction}`, ...done.map((action) => `Done: ${action}`)].join('\n')
}
