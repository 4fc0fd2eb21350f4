/** Changes the file of golden samples where a person asks for it: another thought, or a recording deleted. */
import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { BEFORE_ACTION, BEFORE_THOUGHT } from '../agent/grammar.ts'
import { replaceContent } from '../files/append.ts'
import { shownPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { textOf } from './data-file.ts'
import { BY_HAND, type FileSample, isSameRecording, parseAllGolden } from './golden.ts'
import { refuseFixed } from './golden-file.ts'

/** A sample as somebody saw it: its line in the file, and its answer then. */
export type SeenSample = Pick<FileSample, 'completion'> & { readonly line: number }

/** Thought and action of an answer; null where it has another form. */
export function partsOf(completion: string): { readonly thought: string; readonly action: string } | null {
  const at = completion.indexOf(BEFORE_ACTION)
  if (!completion.startsWith(BEFORE_THOUGHT) || at < 0) return null
  return { thought: completion.slice(BEFORE_THOUGHT.length, at), action: completion.slice(at + BEFORE_ACTION.length) }
}

/**
 * Gives a sample another thought; action and all other keys of the line stay. Throws UserError where the file has changed,
 * may not be changed, or has the sample in a form that cannot be edited.
 */
export async function setThought(path: string, seen: SeenSample, thought: string): Promise<void> {
  const text = thought.trim()
  if (text === '' || /[\r\n]/.test(text)) throw new UserError('thoughtEmpty')
  await changeLines(path, [seen], (row) => {
    const parts = partsOf(seen.completion)
    const completion = parts && withText(row.completion, `${BEFORE_THOUGHT}${text}${BEFORE_ACTION}${parts.action}`)
    return completion === null ? null : JSON.stringify({ ...row, completion })
  })
}

/**
 * Deletes samples. Of a recording by hand also what it superseded, which would otherwise come back. Throws UserError where
 * the file has changed, may not be changed, or has one of them over several lines.
 */
export async function deleteSamples(path: string, seen: readonly SeenSample[]): Promise<void> {
  await changeLines(path, seen, null)
}

type Row = Readonly<Record<string, unknown>>
const rowSchema = z.record(z.string(), z.unknown())
const messagesSchema = z.array(rowSchema.refine(({ content }) => typeof content === 'string')).length(1)

/** A completion of a line with another text; null for a form that the lab does not write. */
function withText(completion: unknown, text: string): unknown {
  if (typeof completion === 'string') return text
  const messages = messagesSchema.safeParse(completion)
  return messages.success ? [{ ...messages.data[0], content: text }] : null
}

/** Changes the lines of samples, or deletes them without a `change`. It returns the new line, or null where it cannot be changed. */
async function changeLines(
  path: string,
  seen: readonly SeenSample[],
  change: ((row: Row) => string | null) | null,
): Promise<void> {
  refuseFixed(path)
  const changed = () => new UserError('goldenChanged', { path: shownPath(path) })
  if (!existsSync(path)) throw changed()
  const before = readFileSync(path)
  const text = textOf(before, path)
  const all = await parseAllGolden(text, path)
  const found = seen.map(({ line, completion }) => {
    const sample = all.find((one) => one.line === line && one.completion === completion)
    if (sample === undefined) throw changed()
    return sample
  })
  const byHand = change === null ? found.filter(({ source }) => source === BY_HAND) : []
  const also = byHand.flatMap((one) => all.filter((other) => isSameRecording(other, one)))
  const wanted = new Set([...found, ...also].map(({ line }) => line))
  // Each line with its end, so that all others stay as they are.
  const lines = (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((whole, at) => {
    if (!wanted.has(at + 1)) return whole
    const [, content = '', end = ''] = /^(.*?)(\r?\n)?$/s.exec(whole) ?? []
    const row = readRow(content) ?? refuse(path, at + 1)
    return change === null ? '' : (change(row) ?? refuse(path, at + 1)) + end
  })
  if (!replaceContent(path, before, lines.join(''))) throw changed()
}

function refuse(path: string, line: number): never {
  throw new UserError('goldenNotEditable', { path: shownPath(path), line })
}

/** The object of a line; null where the line is not a whole one. */
function readRow(line: string): Row | null {
  try {
    return rowSchema.parse(JSON.parse(line.replace(/^\uFEFF/, '')))
  } catch {
    return null
  }
}
