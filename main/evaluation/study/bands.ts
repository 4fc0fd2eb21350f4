/** The training curves of a study: the mean over seeds, in the band from the lowest to the highest. */
import { english } from '../../messages/say.ts'
import type { Metric } from '../../store/metrics.ts'
import { type ChartLine, lineChart } from '../chart.ts'
import { type Html, html } from '../html.ts'
import { section } from '../section.ts'
import type { StudySummary } from './summary.ts'
import { studyArmName } from './words.ts'

interface Training {
  readonly variant: string
  readonly metrics: readonly Metric[]
}

/** Metrics of DPO's first round by TRL's names, with how to read them. */
const FIGURES = [
  { metric: 'loss', title: 'DPO loss', words: 'The whole loss of a step.' },
  { metric: 'rewards/margins', title: 'Margin', words: 'Reward of chosen minus reward of rejected.' },
  { metric: 'logps/chosen', title: 'Log-probability of chosen', words: 'Sums over the answers, in nats.' },
  { metric: 'rewards/accuracies', title: 'Accuracy', words: 'Share of pairs whose chosen has the higher reward.' },
] as const

/** The variants' tones, which dashes tell apart as well. */
const TONES = ['c-dpo', 'c-success_sft', 'c-nll_chosen', 'c-replay', 'c-sft']

/** The section; empty where nothing was trained. */
export function bandSection(trainings: readonly Training[], summary: StudySummary): Html {
  const figures = FIGURES.flatMap(({ metric, title, words }) => {
    const lines = summary.variants.flatMap(({ name }, at) => bandLine(trainings, metric, name, at, summary))
    return lines.length === 0
      ? []
      : [html`<figure><figcaption><b>${title}</b> ${words}</figcaption>${lineChart(lines, { smooth: 5 })}</figure>`]
  })
  if (figures.length === 0) return html``
  return section(
    'Training',
    'Every optimiser step of DPO in its first round: the line is the mean over training seeds, the band reaches from the lowest to the highest seed.',
    html`<div class="figures">${figures}</div>`,
  )
}

function bandLine(
  trainings: readonly Training[],
  metric: string,
  variant: string,
  at: number,
  summary: StudySummary,
): ChartLine[] {
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
      label: english(studyArmName({ policy: 'dpo', variant }, summary)),
      tone: TONES[at % TONES.length]!,
      dashed: at > 0,
      points: steps.map(([step, own]) => [step, own.reduce((sum, value) => sum + value, 0) / own.length]),
      band: steps.map(([step, own]) => [step, Math.min(...own), Math.max(...own)]),
    },
  ]
}
