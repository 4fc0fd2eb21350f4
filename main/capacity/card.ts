/** Checks whether training fits on a graphics card, before anything is loaded or downloaded. */
import type { Config } from '../config/schema.ts'
import { architectureOf } from '../engine/architecture.ts'
import { chooseCardHolding } from '../engine/card-holding.ts'
import type { ModelConfig } from '../engine/engine.ts'
import { type Card, cardOf } from '../engine/host/card.ts'
import { UserError } from '../messages/error.ts'
import { gb } from '../messages/gigabytes.ts'
import type { GenerationEstimate, MemoryEstimate, MemoryQuestion } from './estimate.ts'
import { estimateGenerationOnCard, estimateOnCard } from './estimate-card.ts'
import { questionOf } from './memory.ts'

export interface CardPlan {
  readonly question: MemoryQuestion
  readonly estimate: MemoryEstimate
  /** The peak of collecting and evaluating, which never run during training. */
  readonly generation: GenerationEstimate
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
  const holding = chooseCardHolding(shape, options, card)
  const question = questionOf(config, holding, prompt, completion, stage, shape)
  const answering = { ...holding, config: shape, lora: config.lora, completions: config.environment.pages }
  const generation = estimateGenerationOnCard({ ...answering, prompt, completion })
  return { question, estimate: estimateOnCard(question), generation, card }
}

/** The most bytes that a run takes on the card. */
export function peakOnCard({ estimate, generation }: Pick<CardPlan, 'estimate' | 'generation'>): number {
  return Math.max(estimate.total, generation.total)
}

/** Throws UserError if the smallest step of training, or one completion, needs more than the card has, where that is known. */
export async function checkCard(config: Config, shape: ModelConfig): Promise<void> {
  const { training } = config
  const one: Config = { ...config, training: { ...training, sft: { ...training.sft, batch_size: 1 } } }
  const plan = await planOnCard(one, 1, 1, 'sft', shape)
  const { card } = plan
  const needed = peakOnCard(plan)
  if (card === null || needed <= card.memory) return
  throw new UserError('modelOverCard', { needed: gb(needed), card: card.name, size: gb(card.memory) })
}
