/**
 * The golden samples that a run learns from: those of the file when the run began, and those that its experts recorded.
 * What is added to the file later belongs to the next run. A run that stops because samples are missing has no set yet, so
 * it can be resumed with what was added.
 */
import { z } from 'zod'
import { answerFailure } from '../../agent/grammar.ts'
import { userMessageOf } from '../../agent/prompt.ts'
import { projectPath, shownPath } from '../../files/paths.ts'
import { shortLines } from '../../messages/cut.ts'
import type { FileSample } from '../../preferences/golden.ts'
import { readGoldenData } from '../../preferences/golden-file.ts'
import type { StageContext } from '../stage.ts'

/**
 * The samples of the run; those of the file where none are set. Then it warns of those that the agent could not play like.
 * Throws UserError for bad lines.
 */
export async function goldenSet(
  context: Pick<StageContext, 'config' | 'store' | 'run' | 'say'>,
): Promise<FileSample[]> {
  const { config, run, store } = context
  const begun = store.golden.of(run)
  if (begun !== undefined) return setSchema.parse(JSON.parse(begun))
  const path = projectPath(config.paths.sft_data)
  const samples = await readGoldenData(path)
  const file = shownPath(path)
  const warn = (id: 'goldenOtherSystem' | 'goldenUnreadable', unlike: readonly FileSample[]) => {
    const lines = unlike.map(({ line }) => line ?? 0)
    if (lines.length > 0) context.say(id, { file, count: lines.length, lines: shortLines(lines) })
  }
  warn(
    'goldenOtherSystem',
    samples.filter(({ prompt }) => userMessageOf(prompt) === undefined),
  )
  warn(
    'goldenUnreadable',
    samples.filter(({ prompt, completion }) => answerFailure(completion, prompt.at(-1)?.content ?? '') !== null),
  )
  return samples
}

/** Sets the samples of the run, once and for all. */
export function setGoldenSet(
  { run, store }: Pick<StageContext, 'run' | 'store'>,
  samples: readonly FileSample[],
): void {
  if (store.golden.of(run) === undefined) store.golden.set(run, JSON.stringify(samples))
}

const setSchema = z.array(
  z.strictObject({
    prompt: z.array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })),
    completion: z.string(),
    task: z.string().nullable(),
    seed: z.int().nullable(),
    step: z.int().nullable(),
    source: z.string().nullable(),
    line: z.int().nullable(),
  }),
)
