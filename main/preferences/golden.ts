/** Golden samples in the forms of TRL's SFT trainer. They are written as prompt and completion in messages. */
import { z } from 'zod'
import { BEFORE, type ChatMessage } from '../agent/prompt.ts'
import { says } from '../config/demand.ts'
import {
  answer,
  hasSystem,
  hasValue,
  keyOfTable,
  messagesRowSchema,
  parseRows,
  type Row,
  type RowContext,
  readConversation,
  readKey,
} from './trl.ts'

/** The source of samples that a person recorded. All of them are trained on. */
export const BY_HAND = 'hand'

/** One step to imitate. */
export interface GoldenSample {
  readonly prompt: readonly ChatMessage[]
  readonly completion: string
  /** Task and seed of the page's problem, and the step in its episode; null where the file does not say. */
  readonly task: string | null
  readonly seed: number | null
  readonly step: number | null
  /** Who recorded it: 'expert' for the scripted experts, BY_HAND for a person. */
  readonly source: string | null
}

/** A sample of a file. */
export interface FileSample extends GoldenSample {
  /** Its line, counted from 1; null for one that was not read from a file. */
  readonly line: number | null
}

/** A sample as a line of a file; `supersedes`: it begins a recording that stands in the place of an earlier one. */
export function writtenSample(sample: GoldenSample, supersedes = false): string {
  const { prompt, completion, task, seed, step, source } = sample
  const row = { prompt, completion: answer(completion), task, seed, step, source }
  return JSON.stringify(supersedes ? { ...row, supersedes } : row)
}

/**
 * The samples of a text, without recordings by hand that a later one of the same problem supersedes. `file` is its name
 * in errors. Throws UserError with file, line and key of bad lines.
 */
export async function parseGolden(text: string, file: string): Promise<FileSample[]> {
  let samples: FileSample[] = []
  for (const { supersedes, ...sample } of await parseAllGolden(text, file)) {
    if (supersedes) samples = samples.filter((one) => !isSameRecording(one, sample))
    samples.push(sample)
  }
  return samples
}

/** The samples of a text with those that are superseded. Throws UserError as `parseGolden` does. */
export async function parseAllGolden(
  text: string,
  file: string,
): Promise<(FileSample & { readonly supersedes: boolean })[]> {
  const rows = await parseRows(text, file, sampleSchema)
  return rows.map(({ line, value }) => ({ ...value, line }))
}

/** Whether a recording by hand of the same problem as `other` has this sample. */
export function isSameRecording(one: GoldenSample, other: GoldenSample): boolean {
  return one.source === BY_HAND && one.task === other.task && one.seed === other.seed
}

const columns = {
  task: z.string().nullable().default(null),
  seed: z.int().nullable().default(null),
  step: z.int().nullable().default(null),
  source: z.string().nullable().default(null),
}

const sampleSchema = messagesRowSchema.transform((row, context): GoldenSample & { readonly supersedes: boolean } => {
  const told = otherForm(row)
  if (told !== null) context.issues.push({ code: 'custom', input: row, ...told })
  const read = told === null ? readSample(row, context) : undefined
  const column = <T>(key: string, schema: z.ZodType<T>) => readKey(row, key, schema, context) ?? null
  const place = {
    task: column('task', columns.task),
    seed: column('seed', columns.seed),
    step: column('step', columns.step),
    source: column('source', columns.source),
  }
  return read === undefined || context.issues.length > 0 ? z.NEVER : { ...read, ...place, supersedes: isLater(row) }
})

function isLater({ supersedes, source }: Row): boolean {
  return supersedes === true && source === BY_HAND
}

/** Prompt and completion of a row. They may be one list of messages. */
function readSample(row: Row, context: RowContext): Pick<GoldenSample, 'prompt' | 'completion'> | undefined {
  const whole = hasValue(row, 'completion') ? undefined : WHOLE.find((key) => hasValue(row, key))
  const side = whole ?? 'completion'
  const read = readConversation(whole === undefined ? row : { ...row, prompt: null }, [side], context)
  if (read === undefined) return undefined
  const { prompt, answers } = read
  if (whole !== undefined && prompt.some(({ role }) => role === 'assistant')) {
    context.issues.push({ code: 'custom', message: says('mustHaveOneAnswer'), input: row, path: [whole] })
  } else if (prompt.at(-1)?.role !== 'user') {
    context.issues.push({ code: 'custom', message: says('mustEndWithUser'), input: row, path: [whole ?? 'prompt'] })
  }
  return { prompt: hasSystem(prompt) ? prompt : [...BEFORE.compact, ...prompt], completion: answers[side] ?? '' }
}

/** Keys of a whole conversation. */
const WHOLE = ['messages', 'conversations']

/** Keys of other forms: Alpaca's, plain texts. */
const OTHER = ['instruction', 'output', 'response', 'answer', 'text']

/** The key by which a row shows that it is no sample, and what to say of it; null where it shows none. */
function otherForm(row: Row) {
  if (row.label === false) return { path: ['label'], message: says('isAnswerToAvoid') }
  const column = ['completion', ...WHOLE].find((key) => hasValue(row, key))
  if (column !== undefined) {
    return keyOfTable({ [column]: row[column] }) === undefined ? null : { path: [column], message: says('hasManyRows') }
  }
  const pair = ['chosen', 'rejected'].find((key) => hasValue(row, key))
  if (pair !== undefined) return { path: [pair], message: says('isOfPair') }
  const other = OTHER.find((key) => hasValue(row, key))
  if (other !== undefined) return { path: [other], message: says('isNoSample') }
  const table = hasValue(row, 'prompt') ? undefined : keyOfTable(row)
  return table === undefined ? null : { path: [table], message: says('hasManyRows') }
}

export interface GoldenSplit<Sample extends GoldenSample> {
  readonly train: Sample[]
  readonly heldOut: Sample[]
}

/**
 * Splits samples: of each of `tasks` the first `perTask` problems for training, and the next `heldOutPerTask` held out.
 * Samples without task or seed are all trained on, and so are samples of these tasks that were recorded by hand. All
 * other samples are left out.
 */
export function splitGolden<Sample extends GoldenSample>(
  samples: readonly Sample[],
  tasks: readonly string[],
  perTask: number,
  heldOutPerTask: number,
): GoldenSplit<Sample> {
  const isOwn = ({ task, seed, source }: GoldenSample) =>
    task === null || seed === null || (source === BY_HAND && tasks.includes(task))
  const split: GoldenSplit<Sample> = { train: samples.filter(isOwn), heldOut: [] }
  for (const task of tasks) {
    const own = samples.filter((sample) => sample.task === task && !isOwn(sample))
    const seeds = [...new Set(own.map(({ seed }) => seed))]
    for (const sample of own) {
      const place = seeds.indexOf(sample.seed)
      if (place < perTask) split.train.push(sample)
      else if (place < perTask + heldOutPerTask) split.heldOut.push(sample)
    }
  }
  return split
}
