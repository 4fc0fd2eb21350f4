/** The prompt of one step, as chat messages. The model's own chat template turns them into text. */
import { createHash } from 'node:crypto'
import { PROMPT_STYLES, type PromptStyle } from '../config/choices.ts'
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

/** The rules for pretrained models. */
const RULES = `You act on a web page, one action at a time, until the task is done. Each line of the page is one element: its name, its role, its number, then its state. A field shows its text behind "=", a list its options behind ":".

Answer with exactly two lines:
Thought: one short sentence on what to do next
Action: one of
  click <name> <role> <number>
  fill <name> <role> <number> = <text>
  select <name> <role> <number> = <option>
  press <key>

Copy name, role and number from the page exactly as they stand there. Write one action only; after it you see the page again.`

const form = (name: string, city: string) => `Page:
 First name textbox 1${name}
 City combobox 2 = ${city} : Rome | Oslo | Lima
 I agree checkbox 3
 Save button 4
Task: Enter "Ada" as the first name, choose Oslo, and save.`

/**
 * The last step and the first of a made-up task; no page of the benchmark is like it. Tried with a model of 0.5B, on
 * problems that nothing is reported on: as turns of the chat the examples are copied twice as well as within the system
 * message, more than two brought no more, and the first step stands last because models answer most like the last example.
 */
const EXAMPLES = [
  [
    `${form(' = Ada', 'Oslo')}\nDone: fill First name textbox 1 = Ada\nDone: select City combobox 2 = Oslo`,
    'Thought: Everything is done, so the last step is to click Save.\nAction: click Save button 4',
  ],
  [
    form('', 'Rome'),
    'Thought: The first step is to enter Ada as the first name.\nAction: fill First name textbox 1 = Ada',
  ],
] as const

/** What comes before the user's message. All prompts of a style share it, so it is computed once. */
export const BEFORE: Readonly<Record<PromptStyle, readonly ChatMessage[]>> = {
  compact: [{ role: 'system', content: SYSTEM_PROMPT }],
  instruct: [
    { role: 'system', content: RULES },
    ...EXAMPLES.flatMap(([asked, answer]): ChatMessage[] => [
      { role: 'user', content: asked },
      { role: 'assistant', content: answer },
    ]),
  ],
}

/**
 * The page comes before the task, so prompts for several tasks on one page share a prefix, which is computed once.
 * `done` are the earlier actions of this episode as the agent wrote them, oldest first.
 */
export function promptMessages(style: PromptStyle, observation: Observation, done: readonly string[]): ChatMessage[] {
  return wholePrompt(style, userMessage(observation, done))
}

/** The user's message of a step: what differs from step to step. */
export function userMessage(observation: Observation, done: readonly string[]): string {
  return pagePart(observation) + taskPart(observation.instruction, done)
}

/** The prompt with this user's message. */
export function wholePrompt(style: PromptStyle, content: string): ChatMessage[] {
  return [...BEFORE[style], { role: 'user', content }]
}

/** The user's message of a prompt of any style; undefined where the messages are no prompt of the lab. */
export function userMessageOf(messages: readonly ChatMessage[]): string | undefined {
  const last = messages.at(-1)
  const before = JSON.stringify(messages.slice(0, -1))
  const isOurs = PROMPT_STYLES.some((style) => before === JSON.stringify(BEFORE[style]))
  return isOurs && last?.role === 'user' ? last.content : undefined
}

/** Names a style with its present wording, such as `instruct 1f2e3d4c`: another wording gets another name. */
export function promptName(style: PromptStyle): string {
  return `${style} ${createHash('sha256').update(JSON.stringify(BEFORE[style])).digest('hex').slice(0, 8)}`
}

/** The part of the user's message that depends on the page alone. */
export function pagePart(observation: Observation): string {
  return `Page:\n${renderPage(observation)}\n`
}

/** The part that depends on the task and the earlier actions. */
export function taskPart(instruction: string, done: readonly string[]): string {
  return [`Task: ${instruction}`, ...done.map((action) => `Done: ${action}`)].join('\n')
}
