/**
 * The file of golden samples. It also belongs to the user: samples are added at its end, and no line of it is changed.
 */
import { appendLines, isReadOnly } from '../files/append.ts'
import { shownPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { type Message, message } from '../messages/message.ts'
import { readText, textOf } from './data-file.ts'
import { BY_HAND, type FileSample, type GoldenSample, parseGolden, writtenSample } from './golden.ts'
import { isList } from './json-values.ts'

/**
 * The samples of a file; an empty list where it is missing. Throws UserError with file, line and key of bad lines.
 */
export async function readGoldenData(path: string): Promise<FileSample[]> {
  return parseGolden(readText(path) ?? '', path)
}

/**
 * Why no sample can be added to a file: it is read-only, or one JSON list, which has no end to add lines to. Null where
 * samples can be added.
 */
export function whyFixed(path: string): Message | null {
  if (isReadOnly(path)) return message('fileReadOnly', { path: shownPath(path) })
  return isList(readText(path) ?? '') ? message('goldenIsList', { path: shownPath(path) }) : null
}

/** Throws UserError where no sample can be added to a file. */
export function refuseFixed(path: string): void {
  const why = whyFixed(path)
  if (why !== null) throw new UserError([why])
}

/** Adds the samples that a file does not have yet. Returns their number. Throws UserError as `refuseFixed` does. */
export function addGoldenData(path: string, samples: readonly GoldenSample[]): number {
  refuseFixed(path)
  return appendLines(path, (content) => {
    const known = new Set(textOf(content, path).split(/\r?\n/))
    return samples.map((sample) => writtenSample(sample)).filter((line) => !known.has(line))
  })
}

/**
 * Adds the samples of a recording by hand. Where the file has an earlier recording of the same problem, the new one is
 * marked to stand in its place. Throws UserError as `refuseFixed` does.
 */
export async function addRecording(path: string, samples: readonly GoldenSample[]): Promise<void> {
  refuseFixed(path)
  const earlier = await readGoldenData(path)
  const isSameProblem = (sample: GoldenSample) =>
    sample.source === BY_HAND && sample.task === samples[0]?.task && sample.seed === samples[0]?.seed
  const supersedes = earlier.some(isSameProblem)
  appendLines(path, () => samples.map((sample, at) => writtenSample(sample, supersedes && at === 0)))
}
