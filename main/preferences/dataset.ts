/** Preference pairs in TRL's conversational form, one JSON object per line. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { BEFORE, type ChatMessage, userMessageOf } from '../agent/prompt.ts'
import { says } from '../config/demand.ts'
import type { StoredPair } from '../store/pairs.ts'
import { readValue } from '../store/values.ts'
import { membersOf, parseValue } from './json-values.ts'
import type { Pair } from './pairs.ts'
import {
  answer,
  hasPrompt,
  hasSystem,
  hasValue,
  isImplicit,
  jsonLines,
  keyOfTable,
  type Line,
  messagesRowSchema,
  parseRows,
  type Row,
  type RowContext,
  readConversation,
  readKey,
  readRows,
  rowSchema,
} from './trl.ts'

/** The parts of a pair that are written. */
export type WrittenPair = Pick<Pair, 'prompt' | 'chosen' | 'rejected' | 'task' | 'seed' | 'step'> &
  Pick<StoredPair, 'columns'>

/** A pair in a file. Task, seed and step are known only where the file names them. */
export interface FilePair {
  /** Its line in the file, counted from 1. */
  readonly line: number
  /** The user's message. */
  readonly prompt: string
  readonly chosen: string
  readonly rejected: string
  readonly task: string | null
  readonly seed: number | null
  readonly step: number | null
  /** The keys that the lab does not read, as a JSON object with the values as they are written; missing where there are none. */
  readonly columns?: string
}

/**
 * Pairs as `{"prompt": [messages], "chosen": [message], "rejected": [message], "task", "seed", "step"}` lines, with the keys
 * of the lines that they were imported from. `before` are the messages before the user's, as the pairs' run had them.
 */
export function preferenceText(pairs: readonly WrittenPair[], before: readonly ChatMessage[] = BEFORE.compact): string {
  return pairs.map((pair) => `${written(pair, before)}\n`).join('')
}

function written(pair: WrittenPair, before: readonly ChatMessage[]): string {
  const { prompt, chosen, rejected, columns } = pair
  const texts = { prompt: [...before, asked(prompt)], chosen: answer(chosen), rejected: answer(rejected) }
  const row = JSON.stringify({ ...texts, ...placeOf(pair) })
  if (columns === undefined || columns === null) return row
  return `${row.slice(0, -1)},${readValue(columnsSchema, 'pairs.columns', columns).slice(1)}`
}

/** The text of an object with keys. Its numbers may be larger than JavaScript's, and NaN, so that the text itself is written. */
const columnsSchema = z.string().refine((text) => {
  const row = rowSchema.safeParse(parseValue(text))
  return text.startsWith('{"') && row.success
})

/**
 * Pairs in TRL's unpaired form for KTO, `{"prompt", "completion", "label"}`, with each distinct completion once. A
 * completion that is chosen in one pair and rejected in another has no label and is left out. So first `add` every pair,
 * then get the `text` of all in the same order. Both take them in slices.
 */
export class KtoAnswers {
  /** The label of each completion by the digest of prompt and completion; null for two labels, or once it is written. */
  readonly #labels = new Map<string, boolean | null>()

  add(pairs: readonly WrittenPair[]): void {
    for (const { key, label } of pairs.flatMap(labelled)) {
      const before = this.#labels.get(key)
      this.#labels.set(key, before === undefined || before === label ? label : null)
    }
  }

  /** The lines of the completions that no earlier slice had. */
  text(pairs: readonly WrittenPair[], before: readonly ChatMessage[] = BEFORE.compact): string {
    const lines = pairs.flatMap(labelled).filter(({ key, label }) => {
      const isClear = this.#labels.get(key) === label
      if (isClear) this.#labels.set(key, null)
      return isClear
    })
    return jsonLines(
      lines.map(({ pair, completion, label }) => ({
        prompt: [...before, asked(pair.prompt)],
        completion: answer(completion),
        label,
        ...placeOf(pair),
      })),
    )
  }
}

/** The two completions of a pair with their labels. */
function labelled(pair: WrittenPair) {
  return [true, false].map((label) => {
    const completion = label ? pair.chosen : pair.rejected
    const words = JSON.stringify([pair.prompt, completion])
    return { pair, completion, label, key: createHash('sha256').update(words).digest('base64') }
  })
}

function asked(content: string): ChatMessage {
  return { role: 'user', content }
}

function placeOf({ task, seed, step }: WrittenPair) {
  return { task, seed, step }
}

/** The pairs of a file. */
export interface FilePairs {
  readonly pairs: readonly FilePair[]
  /** The lines whose chosen and rejected are the same text. There is nothing to prefer, so they are left out. */
  readonly alike: readonly number[]
}

/**
 * The pairs of a text in TRL's preference forms, conversational or standard, with the prompt under a key of its own or
 * within the answers. The lab puts its own system message before every prompt, so prompts must have that message or
 * none. Lines may have other keys. Throws UserError with line and key; `file` is its name in errors.
 */
export async function parsePreferences(text: string, file: string): Promise<FilePairs> {
  const lines = (await parseRows(text, file, pairSchema)).map(filePair)
  const isAlike = ({ chosen, rejected }: FilePair) => chosen === rejected
  return { pairs: lines.filter((pair) => !isAlike(pair)), alike: lines.filter(isAlike).map(({ line }) => line) }
}

/** Those pairs of a text that can be read, one after another. */
export function* readablePairs(text: string): Generator<FilePair> {
  for (const row of readRows(text, '', pairSchema)) if (!('wrong' in row)) yield filePair(row)
}

/** A pair, and the text of the keys that are not read. */
function filePair({ line, text, value: { promptKey, ...pair } }: Line<ReadPair>): FilePair {
  const columns = [...membersOf(text)].filter(({ key }) => !READ.includes(key) && key !== promptKey)
  const own = columns.length === 0 ? {} : { columns: `{${columns.map((column) => column.text).join(',')}}` }
  return { line, ...pair, ...own }
}

const SIDES = ['chosen', 'rejected'] as const

const placeSchemas = {
  task: z.string().min(1).nullable().default(null),
  seed: z.int().min(0).nullable().default(null),
  step: z.int().min(0).nullable().default(null),
}

/** A pair of a row, and the key of its prompt. */
interface ReadPair extends Omit<FilePair, 'line' | 'columns'> {
  readonly promptKey: string | undefined
}

const pairSchema = messagesRowSchema.transform((row, context): ReadPair => {
  const told = otherForm(row)
  if (told !== null) context.issues.push({ code: 'custom', input: row, ...told })
  const conversation = told === null ? readConversation(row, SIDES, context) : undefined
  const prompt = conversation && userMessage(conversation.prompt, context)
  const place = {
    task: readKey(row, 'task', placeSchemas.task, context) ?? null,
    seed: readKey(row, 'seed', placeSchemas.seed, context) ?? null,
    step: readKey(row, 'step', placeSchemas.step, context) ?? null,
  }
  if (conversation === undefined || prompt === undefined || context.issues.length > 0) return z.NEVER
  return { prompt, ...conversation.answers, ...place, promptKey: conversation.key }
})

/** The keys that are read from every row, and written again. */
const READ: readonly string[] = ['prompt', 'system', ...SIDES, ...Object.keys(placeSchemas)]

/** The user's message of a prompt. */
function userMessage(messages: readonly ChatMessage[], context: RowContext): string | undefined {
  const [user, ...more] = messages
  const content = user?.role === 'user' && more.length === 0 ? user.content : userMessageOf(messages)
  if (content !== undefined) return content
  const isForeign = hasSystem(messages) && messages.length === 2 && messages[1]?.role === 'user'
  const told = says(isForeign ? 'hasOtherSystem' : 'mustBeUserMessage')
  context.issues.push({ code: 'custom', message: told, input: messages, path: ['prompt'] })
  return undefined
}

/** Keys of other forms: Alpaca's, Argilla's, plain texts. */
const OTHER_PROMPTS = ['instruction', 'question', 'query', 'input']
const OTHER_KEYS = ['chosen_response', 'output', 'response', 'answer', 'text', ...OTHER_PROMPTS]

/** The key by which a row shows that it has another form, and what to say of it; null where it shows none. */
function otherForm(row: Row) {
  const has = (key: string) => hasValue(row, key)
  if (has('chosen') || has('rejected')) {
    const column = SIDES.find((side) => keyOfTable({ [side]: row[side] }) !== undefined)
    if (column !== undefined) return { path: [column], message: says('hasManyRows') }
    const key = hasPrompt(row) || isImplicit(row, SIDES) ? undefined : OTHER_PROMPTS.find(has)
    return key === undefined ? null : { path: [key], message: says('mustBeNamedPrompt') }
  }
  if (has('completion') && has('label')) return { path: ['label'], message: says('isUnpaired') }
  const key = ['completion', 'messages', 'conversations', ...OTHER_KEYS].find(has)
  if (key !== undefined) return { path: [key], message: says('isNoPair') }
  const table = hasValue(row, 'prompt') ? undefined : keyOfTable(row)
  return table === undefined ? null : { path: [table], message: says('hasManyRows') }
}
