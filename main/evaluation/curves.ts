/** The training curves of a run: SFT's loss, and the figures of preference training. */

import type { MessageId } from '../messages/message.ts'
import type { Metric } from '../store/metrics.ts'
import { armName } from './arms.ts'
import { type ChartLine, type ChartOptions, lineChart } from './chart.ts'
import { type Html, html } from './html.ts'
import { section } from './section.ts'
import { tone } from './style.ts'
import type { Words } from './words.ts'

/** A line of a figure: a metric by TRL's name, and its style. */
interface Drawn {
  readonly metric: string
  readonly label: Extract<MessageId, `line.${string}`>
  readonly tone: string
  readonly dashed?: boolean
}

interface Figure {
  /** Its title is the message `figure.<id>`; `figure.<id>Words` says how to read it. */
  readonly id: 'sftLoss' | 'dpoLoss' | 'rewards' | 'margins' | 'accuracies' | 'logps'
  readonly lines: readonly Drawn[]
  readonly options?: Omit<ChartOptions, 'marks'>
}

const SFT: readonly Figure[] = [
  {
    id: 'sftLoss',
    lines: [
      { metric: 'loss', label: 'line.training', tone: 'c-sft' },
      { metric: 'eval_loss', label: 'line.heldOut', tone: 'c-dpo', dashed: true },
    ],
    options: { include: [0] },
  },
]

/** Of the policy that DPO trained. */
const DPO: readonly Figure[] = [
  {
    id: 'dpoLoss',
    lines: [{ metric: 'loss', label: 'line.loss', tone: 'c-dpo' }],
  },
  {
    id: 'rewards',
    lines: [
      { metric: 'rewards/chosen', label: 'line.chosen', tone: 'c-won' },
      { metric: 'rewards/rejected', label: 'line.rejected', tone: 'c-lost', dashed: true },
    ],
    options: { include: [0] },
  },
  {
    id: 'margins',
    lines: [{ metric: 'rewards/margins', label: 'line.margin', tone: 'c-dpo' }],
    options: { include: [0] },
  },
  {
    id: 'accuracies',
    lines: [{ metric: 'rewards/accuracies', label: 'line.accuracy', tone: 'c-dpo' }],
    options: { include: [0, 1], smooth: 9 },
  },
  {
    id: 'logps',
    lines: [
      { metric: 'logps/chosen', label: 'line.chosen', tone: 'c-won' },
      { metric: 'logps/rejected', label: 'line.rejected', tone: 'c-lost', dashed: true },
    ],
    options: { smooth: 5 },
  },
]

/** The section; empty if the run trained nothing. */
export function curvesSection(metrics: readonly Metric[], words: Words): Html {
  const { t } = words
  const sft = metrics.filter(({ stage }) => stage === 'sft')
  const { metrics: dpo, marks } = inRounds(metrics.filter(({ stage }) => stage === 'dpo'))
  const arms = [...new Set(dpo.map(({ arm }) => arm))]
  const main = arms.includes('dpo') ? 'dpo' : (arms[0] ?? '')
  const figures = [
    ...(sft.length === 0 ? [] : SFT.map((figure) => figureHtml(figure, sft, sft[0]!.arm, [], words))),
    ...(dpo.length === 0
      ? []
      : [...DPO.map((figure) => figureHtml(figure, dpo, main, marks, words)), forgetting(dpo, arms, marks, words)]),
  ]
  if (figures.length === 0) return html``
  return section(
    t('report.training'),
    t(marks.length > 0 ? 'report.trainingRounds' : 'report.trainingLead'),
    html`<div class="figures">${figures}</div>`,
  )
}

function figureHtml(
  { id, lines, options }: Figure,
  metrics: readonly Metric[],
  arm: string,
  marks: readonly number[],
  words: Words,
): Html {
  const { t } = words
  const drawn = lines.map(({ metric, label, ...line }) => ({
    ...line,
    label: t(label),
    points: pointsOf(metrics, metric, arm),
  }))
  return framed(
    t(`figure.${id}`),
    t(`figure.${id}Words`),
    lineChart(drawn, { ...options, marks, none: t('report.nothing') }),
  )
}

/** The loss on the golden samples, a line a policy. */
function forgetting(
  metrics: readonly Metric[],
  arms: readonly string[],
  marks: readonly number[],
  { t, say }: Words,
): Html {
  const lines = arms.map((arm) => ({
    label: say(armName(arm)),
    tone: tone(arm),
    points: pointsOf(metrics, 'replay/loss', arm),
    dashed: arm !== 'dpo',
  }))
  const chart = lineChart(lines, { include: [0], marks, none: t('report.nothing') })
  return framed(t('figure.forgetting'), t('figure.forgettingWords'), chart)
}

function framed(title: string, words: string, chart: Html): Html {
  return html`<figure><figcaption><b>${title}</b> ${words}</figcaption>${chart}</figure>`
}

/** The values of a metric of an arm by rising step. */
function pointsOf(metrics: readonly Metric[], name: string, arm: string): ChartLine['points'] {
  return metrics
    .filter((metric) => metric.name === name && metric.arm === arm && metric.value !== null)
    .map(({ step, value }) => [step, value!] as const)
    .sort(([a], [b]) => a - b)
}

/**
 * The metrics with the rounds one after another on the axis, and the steps at which rounds begin. A round begins where the
 * longest training of the previous one ended.
 */
export function inRounds(metrics: readonly Metric[]): {
  readonly metrics: readonly Metric[]
  readonly marks: number[]
} {
  const rounds = [...new Set(metrics.map(({ round }) => round))].sort((a, b) => a - b)
  const marks: number[] = []
  const shifted: Metric[] = []
  let offset = 0
  for (const round of rounds) {
    const own = metrics.filter((metric) => metric.round === round)
    if (offset > 0) marks.push(offset)
    for (const metric of own) shifted.push({ ...metric, step: metric.step + offset })
    offset += own.reduce((longest, { step }) => Math.max(longest, step), 0)
  }
  return { metrics: shifted, marks }
}
