/** Checks whether training fits on a graphics card, before anything is loaded or downloaded. */
import type { Config } from '../config/schema.ts'
import { architectureOf } from '../engine/architecture.ts'
import { chooseCardHolding } from '../engine/card-holding.ts'
import type { ModelConfig } from '../engine/engine.ts'
import { type Card, cardOf } from '../engine/host/card.ts'
import { UserError } from '../messages/error.ts'
import { gb } from '../messages/gigabytes.ts'
import type { MemoryEstimate, MemoryQuestion } from './estimate.ts'
import { estimateOnCard } from './estimate-card.ts'
import { questionOf } from './memory.ts'

export interface CardPlan {
  readonly question: MemoryQuestion
  readonly estimate: MemoryEstimate
  /** null where the system does not tell how much memory it has. */
  readonly card: Card | null
}

/** What planMemory tells of a step, on the card that the configuration means. Throws as planMemory does. */
export async function planOnCard(
  config: Config,
  prompt: number,
  completion: number,
  stage: 'sft' | 'dpo' = 'dpo',
  shape: ModelConfig = architectureOf(config.model.base_model_name),
): Promise<CardPlan> {
  const { model, training } = config
  const card = await cardOf({ name: model.webgpu_adapter })
  const options = {
    precision: model.precision,
    headPrecision: model.head_precision,
    gradientCheckpointing: training.gradient_checkpointing,
  }
  const question = questionOf(config, chooseCardHolding(shape, options, card), prompt, completion, stage, shape)
  return { question, estimate: estimateOnCard(question), card }
}

/** Throws UserError if the smallest step of training needs more than the card has, where that is known. */
export async function checkCard(config: Config, shape: ModelConfig): Promise<void> {
  const { training } = config
  const one: Config = { ...config, training: { ...training, sft: { ...training.sft, batch_size: 1 } } }
  const { estimate, card } = await planOnCard(one, 1, 1, 'sft', shape)
  if (card === null || estimate.total <= card.memory) return
  throw new UserError('modelOverCard', { needed: gb(estimate.total), card: card.name, size: gb(card.memory) })
}
