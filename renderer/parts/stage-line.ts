/** What came of a stage, in a line of the reader's language. */
import type { TFunction } from 'i18next'
import * as z from 'zod/mini'
import type { Answers } from '../lab.ts'
import { percent } from './figures.ts'

type StageRecord = Answers['runs']['stages']['stages'][number]

const results = {
  verify: z.object({ checks: z.array(z.unknown()) }),
  golden: z.object({ samples: z.number(), recorded: z.number() }),
  sft: z.object({ examples: z.number(), step: z.number(), steps: z.number() }),
  collect: z.object({ episodes: z.number(), successes: z.number(), failures: z.number(), pairs: z.number() }),
  dpo: z.object({ pairs: z.number(), arms: z.array(z.string()) }),
  validate: z.object({ success: z.number(), n: z.number() }),
  evaluate: z.object({ arms: z.record(z.string(), z.object({ success: z.number() })) }),
}

/** The line of a stage that is done; the lab's own where its result is of another form, '' before it is done. */
export function stageLine(t: TFunction, { stage, round, status, result, line }: StageRecord): string {
  if (status !== 'done') return ''
  switch (stage) {
    case 'verify': {
      const { success, data } = results.verify.safeParse(result)
      return success ? t('pipeline.lines.verify', { count: data.checks.length }) : line
    }
    case 'golden': {
      const { success, data } = results.golden.safeParse(result)
      return success ? t('pipeline.lines.golden', data) : line
    }
    case 'sft': {
      const { success, data } = results.sft.safeParse(result)
      return success ? t('pipeline.lines.sft', data) : line
    }
    case 'collect': {
      const { success, data } = results.collect.safeParse(result)
      if (!success) return line
      const solved = percent(data.successes / Math.max(1, data.successes + data.failures))
      return t('pipeline.lines.collect', { ...data, solved })
    }
    case 'dpo': {
      const { success, data } = results.dpo.safeParse(result)
      if (!success) return line
      const controls = data.arms.length - 1
      const held =
        round > 1
          ? t('pipeline.lines.dpoLater', { pairs: data.pairs, round: round - 1 })
          : t('pipeline.lines.dpo', { pairs: data.pairs })
      return controls > 0 ? t('pipeline.lines.beside', { held, count: controls }) : held
    }
    case 'validate': {
      const { success, data } = results.validate.safeParse(result)
      return success ? t('pipeline.lines.validate', { success: percent(data.success), n: data.n }) : line
    }
    case 'evaluate': {
      const { success, data } = results.evaluate.safeParse(result)
      if (!success) return line
      const { sft, dpo } = data.arms
      return sft === undefined || dpo === undefined
        ? line
        : t('pipeline.lines.evaluate', { sft: percent(sft.success), dpo: percent(dpo.success) })
    }
    default:
      return line
  }
}
