/** The training curves of a run: SFT's loss, and the figures of preference training. */
import type { Metric } from '../store/metrics.ts'
import { type ChartLine, type ChartOptions, lineChart } from './chart.ts'
import { type Html, html } from './html.ts'
import { armLabel } from './labels.ts'
import { section } from './section.ts'
import { tone } from './style.ts'

/** A line of a figure: a metric by TRL's name, and its style. */
interface Drawn {
  readonly metric: string
  readonly label: string
  readonly tone: string
  readonly dashed?: boolean
}

interface Figure {
  readonly title: string
  /** How to read it. */
  readonly words: string
  readonly lines: readonly Drawn[]
  readonly options?: Omit<ChartOptions, 'marks'>
}

const SFT: readonly Figure[] = [
  {
    title: 'SFT loss',
    words: 'Mean negative log-likelihood of the golden samples per token, and of held-out ones where there are any.',
    lines: [
      { metric: 'loss', label: 'training', tone: 'c-sft' },
      { metric: 'eval_loss', label: 'held out', tone: 'c-dpo', dashed: true },
    ],
    options: { include: [0] },
  },
]

/** Of the policy that DPO trained. */
const DPO: readonly Figure[] = [
  {
    title: 'DPO loss',
    words: 'The whole loss: preference, NLL of chosen, imitation of own successes, replay of golden samples.',
    lines: [{ metric: 'loss', label: 'loss', tone: 'c-dpo' }],
  },
  {
    title: 'Rewards',
    words: 'How much more likely than the reference the policy finds an answer, times beta. Chosen should not fall.',
    lines: [
      { metric: 'rewards/chosen', label: 'chosen', tone: 'c-dpo' },
      { metric: 'rewards/rejected', label: 'rejected', tone: 'c-success_sft', dashed: true },
    ],
    options: { include: [0] },
  },
  {
    title: 'Reward margin',
    words: 'Reward of chosen minus reward of rejected.',
    lines: [{ metric: 'rewards/margins', label: 'margin', tone: 'c-dpo' }],
    options: { include: [0] },
  },
  {
    title: 'Accuracy',
    words: 'Share of pairs whose chosen has the higher reward; faint the batches, strong their running mean.',
    lines: [{ metric: 'rewards/accuracies', label: 'accuracy', tone: 'c-dpo' }],
    options: { include: [0, 1], smooth: 9 },
  },
  {
    title: 'Log-probabilities',
    words: 'Sums over the answers, in nats. Rejected falls; chosen must hold its place.',
    lines: [
      { metric: 'logps/chosen', label: 'chosen', tone: 'c-dpo' },
      { metric: 'logps/rejected', label: 'rejected', tone: 'c-success_sft', dashed: true },
    ],
    options: { smooth: 5 },
  },
]

/** The section; empty if the run trained nothing. */
export function curvesSection(metrics: readonly Metric[]): Html {
  const sft = metrics.filter(({ stage }) => stage === 'sft')
  const { metrics: dpo, marks } = inRounds(metrics.filter(({ stage }) => stage === 'dpo'))
  const arms = [...new Set(dpo.map(({ arm }) => arm))]
  const main = arms.includes('dpo') ? 'dpo' : (arms[0] ?? '')
  const figures = [
    ...(sft.length === 0 ? [] : SFT.map((figure) => figureHtml(figure, sft, sft[0]!.arm, []))),
    ...(dpo.length === 0
      ? []
      : [...DPO.map((figure) => figureHtml(figure, dpo, main, marks)), forgetting(dpo, arms, marks)]),
  ]
  if (figures.length === 0) return html``
  return section(
    'Training',
    marks.length > 0 ? 'Every optimiser step; upright lines part the rounds.' : 'Every optimiser step.',
    html`<div class="figures">${figures}</div>`,
  )
}

function figureHtml(
  { title, words, lines, options }: Figure,
  metrics: readonly Metric[],
  arm: string,
  marks: readonly number[],
): Html {
  const drawn = lines.map(({ metric, ...line }) => ({ ...line, points: pointsOf(metrics, metric, arm) }))
  return framed(title, words, lineChart(drawn, { ...options, marks }))
}

/** The loss on the golden samples, a line a policy. */
function forgetting(metrics: readonly Metric[], arms: readonly string[], marks: readonly number[]): Html {
  const lines = arms.map((arm) => ({
    label: armLabel(arm),
    tone: tone(arm),
    points: pointsOf(metrics, 'replay/loss', arm),
    dashed: arm !== 'dpo',
  }))
  const words = 'Their NLL per token: it rises where a policy forgets.'
  return framed('Golden samples while training', words, lineChart(lines, { include: [0], marks }))
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
