/** Warns of learning rates that suit the shipped model, of a few million parameters, and ruin a model of billions. */
import type { Config } from '../config/schema.ts'
import type { ModelConfig } from '../engine/engine.ts'
import { checkpointShapes, countNumbers } from '../engine/weights.ts'
import type { Values } from '../messages/message.ts'

const LARGE = 100e6
/** Higher rates suit only small models. Each is the geometric mean of the rate for those and the rate for 7B. */
const HIGHEST = { sft: 4.5e-4, dpo: 5e-5 } as const

/** The values of a warning if a large model would be trained with a rate for small ones; else null. */
export function smallModelRates(
  { training }: Config,
  shape: ModelConfig,
  stages: readonly ('sft' | 'dpo')[] = ['sft', 'dpo'],
): Values<'smallModelRates'> | null {
  const numbers = countNumbers(checkpointShapes(shape))
  const high = stages.filter((stage) => training[stage].learning_rate > HIGHEST[stage])
  if (numbers < LARGE || high.length === 0) return null
  const keys = high.map((stage) => `training.${stage}.learning_rate=${training[stage].learning_rate}`).join(', ')
  return { parameters: (numbers / 1e6).toFixed(0), keys }
}
