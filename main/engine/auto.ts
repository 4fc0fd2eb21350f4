/** Chooses the engine that `model.engine: auto` means on this machine. */
import { createRequire } from 'node:module'
import { UserError } from '../messages/error.ts'
import { gb } from '../messages/gigabytes.ts'
import { type Message, message } from '../messages/message.ts'
import { chooseCardHolding } from './card-holding.ts'
import type { EngineKind, LoraConfig, ModelConfig } from './engine.ts'
import type { HoldingOptions } from './holding.ts'
import type { AdapterFacts } from './host/adapter.ts'
import { type Card, cardOf } from './host/card.ts'
import { DEFAULT_GPU, findAdapter, type GpuOptions } from './host/gpu-host.ts'
import { mayHaveCard } from './host/may-have-card.ts'
import { loadAddon } from './native/addon.ts'
import { pairOf, planGeneration, planStep } from './webgpu/plan.ts'
import { checkpointShapes, countNumbers } from './weights.ts'

export interface Choice {
  readonly kind: EngineKind
  /** Why, for the engine's description; null where there is nothing to say. */
  readonly why: Message | null
}

export interface ChoiceOptions extends HoldingOptions {
  readonly gpu?: GpuOptions
}

/** What is asked of the machine. */
export interface Probes {
  /** Whether a card may be here, without starting anything. */
  readonly mayHaveCard: () => boolean
  readonly cardOf: (gpu: GpuOptions) => Promise<Card | null>
  readonly findAdapter: (gpu: GpuOptions) => Promise<AdapterFacts>
  readonly addonProblem: () => Message | null
}

export const NODE_GPU = '@tensorflow/tfjs-node-gpu'

const MACHINE: Probes = {
  // Machines that test have none, and every second counts there.
  mayHaveCard: () => process.env.CI === undefined && mayHaveCard(),
  cardOf,
  findAdapter,
  addonProblem,
}

/**
 * What the card has to hold: a step with a pair of the usual length, an adapter of common size and its reference; and generation
 * of one completion.
 */
const PAIR = { prompt: 512, answer: 64 } as const
const LORA: LoraConfig = {
  r: 16,
  lora_alpha: 32,
  lora_dropout: 0,
  target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
}
/**
 * Parameters from which on a card may be faster. Each of the ten dispatches that a layer of a token takes costs a card 24 us and more
 * (arXiv:2604.02344): 7 ms for 30 layers. In that time a processor reads about so many parameters in bf16 from its memory.
 */
const WORTH_A_CARD = 1e8
/** The share of the card's memory that it may take: screens and other programs use the card as well. */
const SHARE = 0.9

/**
 * webgpu where a real card is known to hold the model, else native, else tfjs-node-gpu if it is installed, else tfjs. A model of
 * unknown shape is not for a card yet, and a small one only where there is no native engine.
 */
export async function chooseEngine(
  shape: ModelConfig | null,
  options: ChoiceOptions,
  machine: Probes = MACHINE,
): Promise<Choice> {
  const problem = machine.addonProblem()
  const asksCard = shape !== null && machine.mayHaveCard()
  if (asksCard && problem === null && countNumbers(checkpointShapes(shape)) < WORTH_A_CARD) {
    return { kind: 'native', why: message('modelTooSmallForCard') }
  }
  const card = asksCard ? await judgeCard(shape, options, machine) : null
  if (card?.holds === true) return { kind: 'webgpu', why: card.why }
  if (problem === null) return { kind: 'native', why: card?.why ?? null }
  return { kind: withoutNative(), why: message('chosenWithoutNative', { problem }) }
}

async function judgeCard(
  shape: ModelConfig,
  { gpu = DEFAULT_GPU, ...options }: ChoiceOptions,
  machine: Probes,
): Promise<{ readonly holds: boolean; readonly why: Message }> {
  const card = await machine.cardOf(gpu)
  if (card === null) return { holds: false, why: message('cardOfUnknownSize') }
  const values = { card: card.name, size: gb(card.memory) }
  const holding = chooseCardHolding(shape, options, card)
  const [prompt, completion] = lengths(shape)
  const step = planStep(shape, pairOf(prompt, completion), { holding, lora: LORA, references: 1 })
  const generation = planGeneration(shape, { completions: 1, prompt, completion }, { holding, lora: LORA })
  const needed = Math.max(step.total, generation.total)
  if (needed > SHARE * card.memory) {
    return { holds: false, why: message('cardTooSmall', { ...values, needed: gb(needed) }) }
  }
  try {
    const { software, name } = await machine.findAdapter(gpu)
    if (software) return { holds: false, why: message('cardInSoftware', { found: name }) }
    return { holds: true, why: message('cardChosen', values) }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { holds: false, why: message('cardUnusable', { why: error.messages }) }
  }
}

/** The lengths of the pair, shortened for a model that takes less. */
function lengths({ max_position_embeddings: most }: ModelConfig): [prompt: number, answer: number] {
  const answer = Math.min(PAIR.answer, Math.floor(most / 2))
  return [Math.min(PAIR.prompt, most - answer), answer]
}

/** What has been chosen: a process keeps to it. */
const CHOSEN = new Map<string, Promise<Choice>>()

/** As chooseEngine, asking the machine once. */
export function chosenEngine(shape: ModelConfig | null, options: ChoiceOptions): Promise<Choice> {
  const { gpu, precision, headPrecision, gradientCheckpointing } = options
  const key = JSON.stringify([shape, gpu, precision, headPrecision, gradientCheckpointing])
  const choice = CHOSEN.get(key) ?? chooseEngine(shape, options)
  CHOSEN.set(key, choice)
  return choice
}

function withoutNative(): 'tfjs-node-gpu' | 'tfjs' {
  return isInstalled(NODE_GPU) ? 'tfjs-node-gpu' : 'tfjs'
}

/** Why the native engine cannot be used on this machine; null if it can. */
export function addonProblem(): Message | null {
  try {
    loadAddon()
    return null
  } catch (error) {
    if (error instanceof UserError) return error.messages[0] ?? null
    throw error
  }
}

export function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
}
