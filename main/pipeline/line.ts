/** What came of a stage, in a line. */
import { z } from 'zod'
import { shortArmLabel } from '../evaluation/labels.ts'
import type { StageRecord } from '../store/stages.ts'
import type { StageName } from './stage.ts'

const number = z.number()
const percent = (share: number) => `${(100 * share).toFixed(1)}%`

/** The line of each stage; what an older lab wrote differently has none. */
const LINES: Readonly<Record<StageName, z.ZodType<string>>> = {
  verify: z.object({ checks: z.array(z.unknown()) }).transform(({ checks }) => `${checks.length} checks, all fine`),
  golden: z
    .object({ samples: number, recorded: number })
    .transform(({ samples, recorded }) => `${samples} samples, ${recorded} of them new`),
  sft: z
    .object({ examples: number, step: number, steps: number })
    .transform(({ examples, step, steps }) => `${examples} samples, ${steps} steps, kept step ${step}`),
  collect: z
    .object({ episodes: number, successes: number, failures: number, pairs: number })
    .transform(
      ({ episodes, successes, failures, pairs }) =>
        `${episodes} attempts, ${percent(successes / Math.max(1, successes + failures))} solved, ${pairs} pairs`,
    ),
  dpo: z
    .object({ pairs: number, reference: z.string(), arms: z.array(z.string()) })
    .transform(({ pairs, reference, arms }) => `${pairs} pairs against ${reference}; trained ${arms.join(', ')}`),
  validate: z.object({ success: number, n: number }).transform(({ success, n }) => `${percent(success)} of ${n}`),
  evaluate: z.object({ arms: z.record(z.string(), z.object({ success: number })) }).transform(({ arms }) =>
    Object.entries(arms)
      .map(([arm, { success }]) => `${shortArmLabel(arm)} ${percent(success)}`)
      .join(', '),
  ),
}

/** '' where the stage has not come to its end. */
export function stageLine({ stage, status, result }: Pick<StageRecord, 'stage' | 'status' | 'result'>): string {
  if (status !== 'done') return ''
  return (LINES as Record<string, z.ZodType<string>>)[stage]?.safeParse(result).data ?? ''
}
