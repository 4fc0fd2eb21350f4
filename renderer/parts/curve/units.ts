/** The units of metrics. */

/** By the name of the metric. Losses and rewards of preference training have none. */
const UNITS = {
  'logps/chosen': 'nats',
  'logps/rejected': 'nats',
  entropy: 'natsPerToken',
  'replay/loss': 'natsPerToken',
  mean_token_accuracy: 'share',
  'rewards/accuracies': 'share',
  tokens_per_second: 'tokensPerSecond',
  memory: 'bytes',
} as const satisfies Readonly<Record<string, string>>
export type Unit = (typeof UNITS)[keyof typeof UNITS]

/** The unit of a metric of a stage, held out or not; undefined where it has none. */
export function unitOf(stage: string, metric: string): Unit | undefined {
  const name = metric.replace(/^eval_/, '')
  if (name === 'loss') return stage === 'sft' ? 'natsPerToken' : undefined
  return (UNITS as Readonly<Record<string, Unit>>)[name]
}
