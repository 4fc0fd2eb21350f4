/** The charts and their order. The names of metrics are TRL's; each chart has an explanation. */

/** What a line of a chart shows. It decides how the line is drawn. */
export type Role = 'main' | 'heldOut' | 'chosen' | 'rejected'

export interface ChartSpec {
  /** The id of its title and explanation in the texts. */
  readonly id:
    | 'loss'
    | 'preferenceLoss'
    | 'rewards'
    | 'margins'
    | 'accuracies'
    | 'logps'
    | 'replay'
    | 'accuracy'
    | 'entropy'
    | 'gradient'
    | 'rate'
    | 'speed'
    | 'memory'
  readonly lines: readonly { readonly metric: string; readonly role: Role }[]
  /** The value of a level line. */
  readonly level?: number
  /** Shares, from 0 to 1. */
  readonly share?: true
}

const main = (metric: string) => ({ metric, role: 'main' as const })
const heldOut = (metric: string) => ({ metric, role: 'heldOut' as const })

const COMMON: readonly ChartSpec[] = [
  { id: 'gradient', lines: [main('grad_norm')] },
  { id: 'rate', lines: [main('learning_rate')] },
  { id: 'speed', lines: [main('tokens_per_second')] },
  { id: 'memory', lines: [main('memory')] },
]

export const CHARTS: Readonly<Record<'sft' | 'dpo', readonly ChartSpec[]>> = {
  sft: [
    { id: 'loss', lines: [main('loss'), heldOut('eval_loss')] },
    { id: 'accuracy', lines: [main('mean_token_accuracy'), heldOut('eval_mean_token_accuracy')], share: true },
    { id: 'entropy', lines: [main('entropy'), heldOut('eval_entropy')] },
    ...COMMON,
  ],
  dpo: [
    { id: 'preferenceLoss', lines: [main('loss'), heldOut('eval_loss')] },
    {
      id: 'rewards',
      lines: [
        { metric: 'rewards/chosen', role: 'chosen' },
        { metric: 'rewards/rejected', role: 'rejected' },
      ],
      level: 0,
    },
    { id: 'margins', lines: [main('rewards/margins'), heldOut('eval_rewards/margins')], level: 0 },
    {
      id: 'accuracies',
      lines: [main('rewards/accuracies'), heldOut('eval_rewards/accuracies')],
      level: 0.5,
      share: true,
    },
    {
      id: 'logps',
      lines: [
        { metric: 'logps/chosen', role: 'chosen' },
        { metric: 'logps/rejected', role: 'rejected' },
      ],
    },
    { id: 'entropy', lines: [main('entropy')] },
    { id: 'replay', lines: [main('replay/loss')] },
    ...COMMON,
  ],
}

/** Every metric that the charts of a stage show. */
export function metricsOf(stage: 'sft' | 'dpo'): string[] {
  return CHARTS[stage].flatMap(({ lines }) => lines.map(({ metric }) => metric))
}
