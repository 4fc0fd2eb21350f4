/** The training curves of a study: the mean over seeds, in the band from the lowest to the highest. */
import type { MessageId } from '../../messages/message.ts'
import type { Metric } from '../../store/metrics.ts'
import { type ChartLine, lineChart } from '../chart.ts'
import { type Html, html } from '../html.ts'
import { section } from '../section.ts'
import { tone } from '../style.ts'
import { type Measure, reached, type TrainingClock, trainingClock } from '../training-clock.ts'
import type { Words } from '../words.ts'
import type { StudySummary } from './summary.ts'
import { studyArmName, studyTone } from './words.ts'

/** The metrics of DPO of one training. */
export interface Training {
  readonly variant: string
  readonly metrics: readonly Metric[]
}

/** A metric over the trainings of a variant: at each step the mean, the lowest and the highest training seed. */
export interface Band {
  readonly variant: string
  readonly steps: readonly number[]
  readonly mean: readonly number[]
  readonly low: readonly number[]
  readonly high: readonly number[]
  /** Tokens and milliseconds that a training had computed by each step, on average over seeds; null where that is not recorded. */
  readonly clock: TrainingClock | null
}

/** Metrics of DPO's first round by TRL's names. */
export const BAND_METRICS = ['loss', 'rewards/margins', 'logps/chosen', 'rewards/accuracies'] as const
export type BandMetric = (typeof BAND_METRICS)[number]

/** The title of each, and how to read it. */
const FIGURES = {
  loss: ['figure.dpoLoss', 'study.lossWords'],
  'rewards/margins': ['figure.margins', 'figure.marginsWords'],
  'logps/chosen': ['study.logps', 'study.logpsWords'],
  'rewards/accuracies': ['figure.accuracies', 'study.accuraciesWords'],
} as const satisfies Readonly<Record<BandMetric, readonly [MessageId, MessageId]>>

/** A metric's band for each variant that recorded it, in the order of the variants. */
export function bandsOf(trainings: readonly Training[], metric: BandMetric, variants: readonly string[]): Band[] {
  return variants.flatMap((variant) => {
    const values = new Map<number, number[]>()
    for (const { metrics } of trainings.filter((one) => one.variant === variant)) {
      for (const { stage, round, arm, name, step, value } of metrics) {
        if (stage !== 'dpo' || round !== 1 || arm !== 'dpo' || name !== metric || value === null) continue
        values.set(step, [...(values.get(step) ?? []), value])
      }
    }
    const steps = [...values].sort(([a], [b]) => a - b)
    if (steps.length === 0) return []
    return [
      {
        variant,
        steps: steps.map(([step]) => step),
        mean: steps.map(([, own]) => own.reduce((sum, value) => sum + value, 0) / own.length),
        low: steps.map(([, own]) => Math.min(...own)),
        high: steps.map(([, own]) => Math.max(...own)),
        clock: meanClock(
          trainings.filter((one) => one.variant === variant),
          steps.map(([step]) => step),
        ),
      },
    ]
  })
}

function meanClock(trainings: readonly Training[], steps: readonly number[]): TrainingClock | null {
  const clocks = trainings.flatMap(({ metrics }) => {
    const recorded = (metric: string) => {
      const own = metrics.filter(
        ({ stage, round, arm, name }) => stage === 'dpo' && round === 1 && arm === 'dpo' && name === metric,
      )
      return { steps: own.map(({ step }) => step), values: own.map(({ value }) => value) }
    }
    return trainingClock(recorded('num_tokens'), recorded('tokens_per_second')) ?? []
  })
  if (clocks.length === 0) return null
  const mean = (measure: Measure) =>
    steps.map((step) => clocks.reduce((sum, clock) => sum + reached(clock, measure, step), 0) / clocks.length)
  return { steps, tokens: mean('tokens'), time: mean('time') }
}

/** The section; empty where nothing was trained. */
export function bandSection(trainings: readonly Training[], summary: StudySummary, words: Words): Html {
  const { t } = words
  const variants = summary.variants.map(({ name }) => name)
  const figures = BAND_METRICS.flatMap((metric) => {
    const lines = bandsOf(trainings, metric, variants).map((band) => bandLine(band, summary, words))
    const [title, how] = FIGURES[metric]
    return lines.length === 0
      ? []
      : [html`<figure><figcaption><b>${t(title)}</b> ${t(how)}</figcaption>${lineChart(lines, { smooth: 5 })}</figure>`]
  })
  if (figures.length === 0) return html``
  return section(t('report.training'), t('study.trainingLead'), html`<div class="figures">${figures}</div>`)
}

function bandLine({ variant, steps, mean, low, high }: Band, summary: StudySummary, { say }: Words): ChartLine {
  const arm = { policy: 'dpo', variant }
  return {
    label: say(studyArmName(arm, summary)),
    tone: tone(studyTone(arm, summary)),
    dashed: variant !== summary.variants[0]?.name,
    points: steps.map((step, at) => [step, mean[at]!]),
    band: steps.map((step, at) => [step, low[at]!, high[at]!]),
  }
}
