/** Checks whether training fits into this machine's memory: warns before it begins, or refuses it. */
import type { Config } from '../config/schema.ts'
import { checkLayers } from '../engine/adapter/adapter.ts'
import { architectureOf } from '../engine/architecture.ts'
import type { Engine, EngineKind, Holding, LoraConfig, ModelConfig } from '../engine/engine.ts'
import { chooseHolding } from '../engine/holding.ts'
import { memoryHere, processorsHere } from '../engine/machine.ts'
import { UserError } from '../messages/error.ts'
import { gb } from '../messages/gigabytes.ts'
import { type Message, type MessageId, message, type Values } from '../messages/message.ts'
import { isMostlyShared, type Sequence, sharedTokens } from '../training/forest.ts'
import { replayedSamples } from '../training/preference.ts'
import { goTogether } from '../training/terms.ts'
import {
  estimateGeneration,
  estimateMemory,
  type GenerationEstimate,
  type MemoryEstimate,
  type MemoryQuestion,
} from './estimate.ts'
import { estimateOnCard } from './estimate-card.ts'
import { beginningTokens } from './lengths.ts'

/** If training leaves less than this share of the free memory, it gets a warning. */
const SPARE = 0.1

/** The size of a batch, in tokens. */
export interface BatchSize {
  readonly tokens: number
  readonly targets: number
  readonly context: number
}

/**
 * The largest batch of `size` of these groups of sequences. The sequences of a group share their prompt, and all groups what
 * their prompts begin with.
 */
export function largestBatch(groups: readonly (readonly Sequence[])[], size: number): BatchSize {
  const measured = groups.map((group) => {
    const targets = group.reduce((sum, { completion }) => sum + completion.length, 0)
    const prompt = group[0]?.prompt.length ?? 0
    return {
      tokens: prompt + targets,
      targets,
      context: prompt + Math.max(0, ...group.map((s) => s.completion.length)),
    }
  })
  const top = (key: 'tokens' | 'targets') =>
    measured
      .map((one) => one[key])
      .sort((a, b) => b - a)
      .slice(0, size)
      .reduce((sum, n) => sum + n, 0)
  const shared = sharedTokens(groups.flatMap(([first]) => (first === undefined ? [] : [first.prompt])))
  return {
    tokens: top('tokens') - shared * Math.max(0, Math.min(size, groups.length) - 1),
    targets: top('targets'),
    context: measured.reduce((most, { context }) => Math.max(most, context), 0),
  }
}

/** What a term of the loss takes in a step: `size` groups of sequences. */
export interface TermSize {
  readonly groups: readonly (readonly Sequence[])[]
  readonly size: number
}

/** The largest batches of a step's terms: one each, or one for all where the terms go through the engine together. */
export function largestBatches(all: readonly TermSize[]): BatchSize[] {
  const terms = all.filter(({ groups }) => groups.length > 0)
  const batches = terms.map(({ groups, size }) => largestBatch(groups, size))
  const prompts = terms.map(({ groups }) => groups.flatMap(([first]) => (first === undefined ? [] : [first.prompt])))
  if (!goTogether(prompts.map((prompts) => ({ prompts })))) return batches
  const sum = (key: keyof BatchSize) => batches.reduce((sum, batch) => sum + batch[key], 0)
  return [
    {
      tokens: sum('tokens') - sharedTokens(prompts.flat()) * (terms.length - 1),
      targets: sum('targets'),
      context: Math.max(...batches.map(({ context }) => context)),
    },
  ]
}

/** A training stage and its sizes from the configuration. */
export interface TrainingSize {
  readonly stage: 'sft' | 'dpo'
  readonly batch_size: number
  readonly grad_accumulation_steps: number
}

/**
 * Checks that training an adapter on batches of these sizes fits into `free` bytes, with all that the engine holds. Returns
 * the values of a warning if memory will be short, else null.
 * @throws UserError if it does not fit, with the estimate by part and a command that takes less memory.
 */
export function checkMemory(
  engine: Engine,
  lora: LoraConfig,
  batches: readonly BatchSize[],
  training: TrainingSize,
  free: number = roomOf(engine),
): Values<'memoryShort'> | null {
  const { config, holding, kind } = engine
  if (holding === null) return null
  const estimate = peakOf({ config, holding, kind }, lora, batches)
  const most = estimate.total + estimate.saving
  if (most <= (1 - SPARE) * free) return null
  const figures = { needed: partsOf(estimate), saving: gb(estimate.saving), free: gb(free) }
  if (most <= free) return figures
  const fits = (share: number) => {
    const smaller = batches.map(({ tokens, targets, context }) => {
      return { tokens: Math.max(context, tokens * share), targets: targets * share, context }
    })
    const { total, saving } = peakOf({ config, holding, kind }, lora, smaller)
    return total + saving <= (1 - SPARE) * free
  }
  const overrides = lighter(holding, training, fits)
  if (overrides.length === 0) throw new UserError('trainingTooLarge', figures)
  throw new UserError('trainingTooLargeUnlessSet', {
    ...figures,
    stage: training.stage,
    overrides: overrides.join(' '),
  })
}

/** The values of a warning if later training on such batches will not fit; null if it will. */
export function memoryShortLater(
  engine: Engine,
  lora: LoraConfig,
  batches: readonly BatchSize[],
  free: number = roomOf(engine),
): Values<'memoryShortLater'> | null {
  const { config, holding, kind } = engine
  if (holding === null) return null
  const { total, saving } = peakOf({ config, holding, kind }, lora, batches)
  return total + saving <= free ? null : { needed: gb(total + saving), free: gb(free) }
}

/** Bytes that training may take: of the card where one computes, as far as they are known, else of this machine's memory. */
function roomOf({ kind, holding }: Engine): number {
  return kind === 'webgpu' ? (holding?.cardBytes ?? Number.POSITIVE_INFINITY) : freeForTraining()
}

/** Bytes that this process holds, plus those that it can still get. */
export function freeForTraining(): number {
  return memoryHere().available + process.memoryUsage.rss()
}

function peakOf(
  { config, holding, kind }: { readonly config: ModelConfig; readonly holding: Holding; readonly kind: EngineKind },
  lora: LoraConfig,
  batches: readonly BatchSize[],
): MemoryEstimate {
  const estimate = kind === 'webgpu' ? estimateOnCard : estimateMemory
  return batches
    .map((batch) => estimate({ ...holding, config, lora, frozenAdapters: 0, ...batch }))
    .reduce((most, one) => (one.total > most.total ? one : most))
}

/** Settings that take less memory: the largest batch that `fits`; if none does, every setting that helps. */
function lighter(
  { gradientCheckpointing, keptBytes = 0, precision }: Holding,
  { stage, batch_size, grad_accumulation_steps }: TrainingSize,
  fits: (share: number) => boolean,
): string[] {
  let size = batch_size
  while (size > 1 && !fits(size / batch_size)) size = Math.floor(size / 2)
  const steps = Math.ceil((grad_accumulation_steps * batch_size) / size)
  return [
    ...(size === batch_size
      ? []
      : [`training.${stage}.batch_size=${size}`, `training.${stage}.grad_accumulation_steps=${steps}`]),
    ...(fits(size / batch_size)
      ? []
      : [
          ...(gradientCheckpointing && keptBytes === 0 ? [] : ['training.gradient_checkpointing=true']),
          ...(precision === 'nf4' ? [] : ['model.precision=nf4']),
        ]),
  ]
}

/** A plan for `dpo-driver estimate`. */
export interface MemoryPlan {
  readonly question: MemoryQuestion
  readonly estimate: MemoryEstimate
  /** The peak of collecting and evaluating, which never run during training. */
  readonly generation: GenerationEstimate
  /** Bytes of memory that are free now. */
  readonly free: number
}

/**
 * The peak of a training step of SFT or DPO, for `batch_size` samples or pairs with prompts and completions of these
 * lengths; and the peak of generating one completion for each page. `shape` is by default that of the configured model.
 * Published sizes of Qwen2 need no download for this.
 * @throws UserError if the model is neither on this machine nor of a published size, or lacks a layer that is to be trained.
 */
export function planMemory(
  config: Config,
  prompt: number,
  completion: number,
  stage: 'sft' | 'dpo' = 'dpo',
  shape: ModelConfig = architectureOf(config.model.base_model_name),
): MemoryPlan {
  const { model, training } = config
  const holding = chooseHolding(
    shape,
    {
      precision: model.precision,
      headPrecision: model.head_precision,
      gradientCheckpointing: training.gradient_checkpointing,
    },
    memoryHere().total,
  )
  const threads = model.threads === 'auto' ? processorsHere() : model.threads
  const held = { ...holding, threads }
  const question = questionOf(config, held, prompt, completion, stage, shape)
  const { lora } = config
  const answering = { ...held, config: shape, lora, completions: config.environment.pages, prompt, completion }
  return {
    question,
    estimate: estimateMemory(question),
    generation: estimateGeneration(answering),
    free: memoryHere().available,
  }
}

/** The question for the peak of a step that planMemory describes. Throws UserError as `checkLayers` does. */
export function questionOf(
  config: Config,
  holding: Holding,
  prompt: number,
  completion: number,
  stage: 'sft' | 'dpo',
  shape: ModelConfig,
): MemoryQuestion {
  const { training, lora } = config
  checkLayers(shape, lora)
  const { batch_size: groups, max_length } = training[stage]
  const most = Math.min(max_length ?? shape.max_position_embeddings, shape.max_position_embeddings)
  // What training cuts to max_length; a prompt that fills it is left out.
  const read = Math.min(prompt, most - 1)
  const answer = Math.min(completion, most - read)
  const shared = Math.min(beginningTokens(config, shape), read)
  // Both completions of a pair hang below its prompt.
  const of = (prompts: number, answers: number) => ({
    tokens: shared + prompts * (read - shared + answers * answer),
    targets: prompts * answers * answer,
  })
  const own = of(groups, stage === 'dpo' ? 2 : 1)
  const { imitation, replay } = training.dpo
  const beside = [
    ...(imitation > 0 ? [of(groups, 1)] : []),
    ...(replay > 0 ? [of(replayedSamples({ batch_size: groups }), 1)] : []),
  ]
  // Alone, the pairs are the largest batch.
  const together = stage === 'dpo' && isMostlyShared(shared, read) ? beside : []
  return {
    ...holding,
    config: shape,
    lora,
    frozenAdapters: 0,
    tokens: together.reduce((sum, { tokens }) => sum + tokens - shared, own.tokens),
    targets: together.reduce((sum, { targets }) => sum + targets, own.targets),
    context: read + answer,
  }
}

/** Throws UserError where the model cannot generate a completion of this length after a prompt of this length. */
export function checkPositions(config: Config, prompt: number, completion: number): void {
  const { max_position_embeddings: limit } = architectureOf(config.model.base_model_name)
  if (prompt + completion > limit) throw new UserError('lengthsOverModel', { tokens: prompt + completion, limit })
}

const PARTS = {
  weights: 'memoryWeights',
  adapter: 'memoryAdapter',
  optimizer: 'memoryOptimizer',
  activations: 'memoryActivations',
  logits: 'memoryLogits',
  process: 'memoryProcess',
} as const satisfies Readonly<Record<Exclude<keyof MemoryEstimate, 'total' | 'saving'>, MessageId>>

/** The estimate for use in a sentence: the sum, then its parts, the largest first. */
export function partsOf(estimate: MemoryEstimate): Message {
  const names = (Object.keys(PARTS) as (keyof typeof PARTS)[]).filter((name) => estimate[name] > 0)
  const parts = names
    .sort((a, b) => estimate[b] - estimate[a])
    .map((name) => message(PARTS[name], { size: gb(estimate[name]) }))
  return message('memoryParts', { total: gb(estimate.total), parts })
}
