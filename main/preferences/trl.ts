/**
 * The common parts of data files for TRL: one JSON object per line, texts as chat messages or as they are. Files are
 * read as `datasets`, pandas and other programs write them, and written in TRL's conversational form.
 */
import { z } from 'zod'
import type { ChatMessage } from '../agent/prompt.ts'
import { demand, dotted, type Key, says } from '../config/demand.ts'
import { nearest } from '../config/nearest.ts'
import { cutShort } from '../messages/cut.ts'
import { UserError } from '../messages/error.ts'
import { type Message, message } from '../messages/message.ts'
import { hasStrayComma, NOT_JSON, parseValue, repeatedKey, type Written, writtenValues } from './json-values.ts'
import { mapInTurns } from './turns.ts'

/** A text. UTF-8 has no lone surrogates, so they become the sign for what cannot be read, as in the tokenizer. */
const textSchema = z.string().transform((text) => text.toWellFormed())

/** Parts of a content: all of them texts. */
const partsSchema = z
  .array(z.object({ type: z.literal('text'), text: textSchema }))
  .transform((parts) => parts.map(({ text }) => text).join(''))

const contentSchema = byForm((value) => (Array.isArray(value) ? partsSchema : textSchema))

const emptySchema = z.unknown().refine(isEmpty, says('mustBeEmpty')).optional()

/** What a message may have beside its text. */
const noTexts = {
  tool_calls: emptySchema,
  function_call: emptySchema,
  reasoning_content: emptySchema,
  reasoning: emptySchema,
  thinking: emptySchema,
}

const chatSchema = z
  .object({ role: z.enum(['system', 'user', 'assistant']), content: contentSchema, ...noTexts })
  .transform(({ role, content }): ChatMessage => ({ role, content }))

const SHARE_GPT_ROLES = {
  system: 'system',
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  assistant: 'assistant',
} as const
type ShareGptRole = keyof typeof SHARE_GPT_ROLES

/** A message in ShareGPT's form. */
const shareGptSchema = z
  .object({ from: z.enum(Object.keys(SHARE_GPT_ROLES) as ShareGptRole[]), value: textSchema, ...noTexts })
  .transform(({ from, value }): ChatMessage => ({ role: SHARE_GPT_ROLES[from], content: value }))

/** A message. Keys beside role and content are left alone. */
const messageSchema = byForm((value) =>
  isRow(value) && value.role === undefined && value.from !== undefined ? shareGptSchema : chatSchema,
)

const messagesSchema = z.array(messageSchema, demanding('mustBeMessages')).min(1, says('mustNotBeEmptyList'))

/** The demand on a value that is there; a missing one is told as missing. */
function demanding(id: 'mustBeMessages' | 'mustBeAnswer') {
  return { error: ({ input }: { readonly input?: unknown }) => (input === undefined ? undefined : says(id)) }
}

/** What the texts of other models' chat templates begin their messages with. */
const TEMPLATE_MARKS = /<\|im_start\|>|<\|start_header_id\|>|<start_of_turn>|<\|user\|>|\[INST\]|(^|\n\n)Human: /

/** The roles of chat messages in all forms. Trees of pages have roles too, such as button; they stay texts. */
const CHAT_ROLES = ['system', 'developer', 'user', 'human', 'assistant', 'gpt', 'model', 'tool', 'function']

/** The start of messages that Python's str or a broken JSON text wrote. */
const MESSAGE_MARKS = new RegExp(
  String.raw`^\s*(?:array\(\s*)?\[?\s*\{\s*(?:['"](?:role|from)['"]\s*:\s*['"](?:${CHAT_ROLES.join('|')})['"]|'(?:content|value)'\s*:)`,
)

/** A text that stands for one message. Messages written as text are told, where they were not read as JSON. */
const proseSchema = textSchema.refine((text) => !MESSAGE_MARKS.test(text), says('isMessagesAsText'))

/** A prompt: a list of messages, or the user's message as a text. */
const promptSchema = byForm((value) =>
  typeof value === 'string'
    ? proseSchema
        .refine((text) => !TEMPLATE_MARKS.test(text), says('hasTemplateMarks'))
        .transform((content): ChatMessage[] => [{ role: 'user', content }])
    : messagesSchema,
)

/** An answer: its text, its message, or a list that ends with it and may begin with the prompt's messages. */
const answerSchema = byForm((value) => {
  if (typeof value === 'string') return proseSchema.transform((content): ChatMessage[] => answer(content))
  return isRow(value) ? messageSchema.transform((one) => [one]) : answerMessagesSchema
})

/** A conversation that ends with its answer. */
export const answerMessagesSchema = z
  .array(messageSchema, demanding('mustBeAnswer'))
  .refine((messages) => messages.at(-1)?.role === 'assistant', says('mustBeAnswer'))

/** An object of a file before it is known which form it has. */
export const rowSchema = z.looseObject({})
export type Row = Readonly<Record<string, unknown>>

/** The keys whose values may be messages. */
const TEXT_KEYS = ['prompt', 'messages', 'conversations', 'chosen', 'rejected', 'completion'] as const

/** An object whose lists of messages may be written as JSON text, as they come from CSV, SQL and pandas. */
export const messagesRowSchema = rowSchema.transform((row, context): Row => {
  const read: Record<string, unknown> = { ...row }
  for (const key of TEXT_KEYS) {
    const text = row[key]
    const value = typeof text === 'string' && /^\s*[[{]/.test(text) ? parseValue(text) : undefined
    if (typeof text !== 'string' || !isMessages(value)) continue
    const repeated = repeatedKey(text, value)
    if (repeated === undefined) read[key] = value
    else {
      const path = [key, ...repeated]
      context.issues.push({ code: 'custom', message: says('mustStandOnce'), input: text, path })
    }
  }
  return read
})

/** Whether a value has the form of a message or of a list of them. */
function isMessages(value: unknown): boolean {
  const isOne = (one: unknown) => isRow(one) && CHAT_ROLES.some((role) => role === one.role || role === one.from)
  return isOne(value) || (Array.isArray(value) && value.length > 0 && value.every(isOne))
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A schema that depends on the form of the value, so that its errors are those of this form. */
function byForm<T>(schemaOf: (value: unknown) => z.ZodType<T>): z.ZodType<T> {
  return z.unknown().transform((value, context) => {
    const parsed = schemaOf(value).safeParse(value, { reportInput: true })
    if (parsed.success) return parsed.data
    passOn(parsed.error.issues, context)
    return z.NEVER
  })
}

/** Whether a value that the lab cannot train on is not there, or is empty. TRL also takes lists as JSON. */
function isEmpty(value: unknown): boolean {
  if (typeof value === 'string') return value.trim() === '' || isEmpty(parseValue(value))
  // `datasets` may write an object that is not there as one whose values are null.
  if (isRow(value)) return Object.values(value).every((one) => one === null)
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

/** What a conversation may have beside texts. Training on its texts alone would be training on something else. */
const NO_TEXTS = ['tools', 'functions', 'images', 'image', 'videos', 'video', 'audios', 'audio'] as const

/** The keys under which the messages before an answer may stand. The first one that a row has counts. */
const PROMPT_KEYS = ['prompt', 'messages', 'conversations'] as const

/** Where the errors of a row go. */
export type RowContext = Pick<z.core.ParsePayload, 'issues'>

/** The value of a row's key; undefined, and an issue, where it does not fit. */
export function readKey<T>(row: Row, key: string, schema: z.ZodType<T>, context: RowContext): T | undefined {
  const parsed = schema.safeParse(row[key], { reportInput: true })
  if (parsed.success) return parsed.data
  passOn(parsed.error.issues, context, [key])
  return undefined
}

/** Makes the issues of a value those of what has it. */
function passOn(issues: readonly z.core.$ZodIssue[], context: RowContext, path: readonly string[] = []): void {
  context.issues.push(...issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }) as z.core.$ZodRawIssue))
}

/** The messages before the answers of a row, and the text of each answer. */
export interface Conversation<Side extends string> {
  /** The key under which the prompt stands; undefined where only the answers have it. */
  readonly key: string | undefined
  readonly prompt: readonly ChatMessage[]
  readonly answers: Readonly<Record<Side, string>>
}

/**
 * Reads the prompt of a row and the answers to it. The prompt stands under a key of its own, or the answers are whole
 * conversations and share it, or both. Undefined, and an issue, where a text is missing or unclear.
 */
export function readConversation<Side extends string>(
  row: Row,
  sides: readonly Side[],
  context: RowContext,
): Conversation<Side> | undefined {
  for (const key of NO_TEXTS) readKey(row, key, emptySchema, context)
  for (const side of sides) refuseWeight(row[side], side, context)
  const key = isImplicit(row, sides) ? undefined : promptKeyOf(row)
  const stated = key === undefined ? undefined : readKey(row, key, promptSchema, context)
  const read = sides.map((side) => [side, readKey(row, side, answerSchema, context) ?? []] as const)
  if (context.issues.length > 0) return undefined
  const before = read.map(([side, messages]) => [side, messages.slice(0, -1)] as const)
  const prompts = [stated ?? [], ...before.map(([, messages]) => messages)].filter(({ length }) => length > 0)
  const prompt = prompts.find(hasSystem) ?? withSystem(prompts[0] ?? [], row)
  const isOther = (messages: readonly ChatMessage[]) =>
    messages.length > 0 && ![prompt, withoutSystem(prompt)].some((one) => sameMessages(one, messages))
  const other = isOther(stated ?? []) ? sides[0] : before.find(([, messages]) => isOther(messages))?.[0]
  if (other !== undefined) {
    context.issues.push({ code: 'custom', message: says('mustBeginWithPrompt'), input: row[other], path: [other] })
    return undefined
  }
  const answers = Object.fromEntries(read.map(([side, messages]) => [side, messages.at(-1)?.content ?? '']))
  return { key, prompt, answers: answers as Record<Side, string> }
}

/** An issue where the last message of an answer has a weight in training other than 1, as OpenAI's files give it. */
function refuseWeight(side: unknown, key: string, context: RowContext): void {
  const message = Array.isArray(side) ? side.at(-1) : side
  if (!isRow(message) || !hasValue(message, 'weight') || message.weight === 1) return
  const path = Array.isArray(side) ? [key, side.length - 1, 'weight'] : [key, 'weight']
  context.issues.push({ code: 'custom', message: says('mustBeWeightOne'), input: message.weight, path })
}

/** Whether the answers of a row are whole conversations, and nothing but they has the prompt. */
export function isImplicit(row: Row, sides: readonly string[]): boolean {
  const isWhole = (side: unknown) => Array.isArray(side) && side.length > 1
  return !hasValue(row, 'prompt') && sides.every((side) => isWhole(row[side]))
}

/** The key of a row's prompt. */
function promptKeyOf(row: Row): string {
  return PROMPT_KEYS.find((key) => hasValue(row, key)) ?? 'prompt'
}

/** Whether a row has its prompt under a key of its own. */
export function hasPrompt(row: Row): boolean {
  return hasValue(row, promptKeyOf(row))
}

/** Whether a row has a key, and not null: `datasets` gives every row all keys that one row has. */
export function hasValue(row: Row, key: string): boolean {
  return row[key] !== undefined && row[key] !== null
}

/**
 * The key by which a row shows that it holds many rows, as pandas writes a table without `orient`, and as downloads wrap
 * one; undefined where it shows none.
 */
export function keyOfTable(row: Row): string | undefined {
  const isTable = (value: unknown) =>
    (isRow(value) && '0' in value) || (Array.isArray(value) && value.some(Array.isArray))
  if (isRow(row['0'])) return '0'
  return Object.keys(row).find((key) => isTable(row[key]) || (WRAPPERS.includes(key) && isListOfRows(row[key])))
}

/** Keys under which other programs keep all rows. */
const WRAPPERS = ['data', 'rows', 'train', 'examples', 'instances']

function isListOfRows(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isRow)
}

/** A prompt with the row's system message, as some forms keep it under a key of its own. */
function withSystem(prompt: readonly ChatMessage[], { system }: Row): readonly ChatMessage[] {
  if (typeof system !== 'string' || system.trim() === '' || hasSystem(prompt)) return prompt
  return [{ role: 'system', content: system.toWellFormed() }, ...prompt]
}

/** Whether a prompt begins with a system message. */
export function hasSystem(prompt: readonly ChatMessage[]): boolean {
  return prompt[0]?.role === 'system'
}

function withoutSystem(prompt: readonly ChatMessage[]): readonly ChatMessage[] {
  return hasSystem(prompt) ? prompt.slice(1) : prompt
}

function sameMessages(a: readonly ChatMessage[], b: readonly ChatMessage[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** A completion in the written form. */
export function answer(content: string): ChatMessage[] {
  return [{ role: 'assistant', content }]
}

/** One JSON object per line. */
export function jsonLines(objects: readonly object[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join('')
}

/** The value of a line in a file, and its text; lines count from 1. */
export interface Line<T> extends Written {
  readonly value: T
}

/**
 * The rows of a text; `file` is its name in errors. Other work gets its turn in between. Throws a UserError with file,
 * line and key of every row that does not fit the schema.
 */
export async function parseRows<T>(text: string, file: string, schema: z.ZodType<T>): Promise<Line<T>[]> {
  if (isOtherFormat(text)) throw new UserError('notJsonLines', { file })
  const read = await mapInTurns(readRows(text, file, schema), (row) => row)
  const wrong = read.flatMap((one) => ('wrong' in one ? [one.wrong] : []))
  if (wrong.length > 0) throw new UserError(cutShort(joined(wrong, file)))
  return read.flatMap((one) => ('wrong' in one ? [] : [one]))
}

/** The messages; another system message, which stands in every line of a file as a rule, is told once. */
function joined(wrong: readonly Message[], file: string): readonly Message[] {
  const isOfSystem = (one: Message) => JSON.stringify(one).includes(JSON.stringify(message('hasOtherSystem')))
  const [first, ...more] = wrong.filter(isOfSystem)
  if (first === undefined || more.length === 0) return wrong
  return [first, message('sameWrong', { file, count: more.length }), ...wrong.filter((one) => !isOfSystem(one))]
}

/** Whether a text has no object at all, such as CSV and YAML, or is HTML. */
function isOtherFormat(text: string): boolean {
  const [first] = writtenValues(text)
  if (first === undefined || parseValue(first.text) !== NOT_JSON) return false
  return first.text.startsWith('<') || !/^\s*[[{]/m.test(text)
}

/** The rows of a text, one after another: its value, or what is wrong with it. */
export function* readRows<T>(
  text: string,
  file: string,
  schema: z.ZodType<T>,
): Generator<Line<T> | { wrong: Message }> {
  for (const written of writtenValues(text)) yield readRow(written, file, schema)
}

function readRow<T>(written: Written, file: string, schema: z.ZodType<T>): Line<T> | { wrong: Message } {
  const { line, entry, text } = written
  const place = entry === undefined ? `${file}:${line}` : message('entryPlace', { file, line, entry })
  const json = parseValue(text)
  if (json === NOT_JSON) return { wrong: message(hasStrayComma(text) ? 'lineStrayComma' : 'lineNotJson', { place }) }
  const wrongKey = (path: readonly Key[], what: Message) =>
    path.length === 0
      ? { wrong: message('lineWrong', { place, demand: what }) }
      : { wrong: message('lineKeyWrong', { place, demand: what, key: dotted(path) }) }
  const repeated = repeatedKey(text, json)
  if (repeated !== undefined) return wrongKey(repeated, message('mustStandOnce'))
  const parsed = schema.safeParse(json, { reportInput: true })
  if (parsed.success) return { line, text, value: parsed.data }
  const issue = parsed.error.issues[0]!
  return wrongKey(issue.path as Key[], perhapsMisspelt(json, issue.path as Key[], demand(issue)))
}

/** What is wrong with a key; of a missing one also the row's key that is spelt nearly so. */
function perhapsMisspelt(row: unknown, [key, ...more]: readonly Key[], what: Message): Message {
  if (what.id !== 'isMissing' || typeof key !== 'string' || more.length > 0 || !isRow(row)) return what
  const near = nearest(key, Object.keys(row))
  return near === undefined ? what : message('isMissingPerhaps', { near })
}
