/** The models on this machine, and what a run with each would take. */
import { setImmediate } from 'node:timers/promises'
import type { Config } from '../config/schema.ts'
import { architectureOf } from '../engine/architecture.ts'
import type { ModelConfig } from '../engine/engine.ts'
import { engineOf } from '../engine/engine-of.ts'
import { cardOf } from '../engine/host/card.ts'
import { type Description, describeFolder, describeGguf } from '../engine/installed/describe.ts'
import { type Found, findModels } from '../engine/installed/find.ts'
import { memoryHere } from '../engine/machine.ts'
import { message } from '../messages/message.ts'
import { peakOnCard, planOnCard } from './card.ts'
import { measureStages, runSeconds } from './duration.ts'
import { leastMemory } from './estimate-tfjs.ts'
import { usualLengths } from './lengths.ts'
import { planMemory } from './memory.ts'

export interface ListedModel extends Found, Omit<Description, 'shape'> {
  /** Bytes of memory that a run takes, as `dpo-driver estimate` tells; null if the lab cannot use the model. */
  readonly memory: number | null
  /** Whether the configuration names it. */
  readonly configured: boolean
}

export interface ModelList {
  /** Those that the lab can use first. */
  readonly models: readonly ListedModel[]
  /** Bytes of memory that are free now, or that the graphics card has where it computes. */
  readonly available: number
  /** Whether `memory` is a lower bound, as on TensorFlow.js. */
  readonly least: boolean
  /** Folders that cannot be read. */
  readonly unreadable: readonly string[]
  /** Whether there is more than was looked at. */
  readonly cut: boolean
}

export interface ListLimits {
  /** Names in folders that are looked at. */
  readonly names: number
  /** Models whose headers are read. */
  readonly models: number
  /** Milliseconds for reading headers. */
  readonly time: number
}

const LIMITS: ListLimits = { names: 50_000, models: 500, time: 5000 }

/** Lists the models of models/, the Hugging Face cache, LM Studio and Ollama. */
export async function listModels(config: Config, limits: ListLimits = LIMITS): Promise<ModelList> {
  const search = { left: limits.names, unreadable: [] }
  const found = await findModels(search)
  const models: ListedModel[] = []
  const end = performance.now() + limits.time
  for (const one of found) {
    if (models.length >= limits.models || performance.now() > end) break
    const { shape, ...description } = await describe(one)
    const memory = shape === null || description.problem !== null ? null : await memoryOfRun(config, shape)
    models.push({ ...one, ...description, memory, configured: isNamed(config, one) })
    // Somebody else's turn: the lab may be at work meanwhile.
    await setImmediate()
  }
  return {
    models: models.sort((a, b) => Number(a.problem !== null) - Number(b.problem !== null)),
    available: await availableTo(config),
    least: !['native', 'webgpu'].includes(await engineOf(config)),
    unreadable: search.unreadable,
    cut: search.left <= 0 || models.length < found.length,
  }
}

/** Bytes that a run may take: of the card where one computes and its memory is known, else of this machine. */
async function availableTo(config: Config): Promise<number> {
  const card = (await engineOf(config)) === 'webgpu' ? await cardOf({ name: config.model.webgpu_adapter }) : null
  return card?.memory ?? memoryHere().available
}

async function describe({ path, format }: Found): Promise<Description> {
  if (path !== null) return format === 'gguf' ? describeGguf(path) : describeFolder(path)
  const problem = message('modelWithoutWeights')
  return { family: null, parameters: null, precision: null, bytes: 0, shape: null, problem }
}

/** models/NAME may be configured without models/. */
function isNamed({ model }: Config, { name, source }: Found): boolean {
  return name === model.base_model_name || (source === 'models' && name === `models/${model.base_model_name}`)
}

/** The peak of a run's training and generating, in bytes; on TensorFlow.js the least that training takes. */
async function memoryOfRun(config: Config, shape: ModelConfig): Promise<number> {
  const engine = await engineOf(config, shape)
  const { prompt, completion } = usualLengths(config, shape)
  if (engine === 'webgpu') return peakOnCard(await planOnCard(config, prompt, completion, 'dpo', shape))
  if (engine !== 'native') return leastMemory(shape, config.lora).total
  const { estimate, generation } = planMemory(config, prompt, completion, 'dpo', shape)
  return Math.max(estimate.total + estimate.saving, generation.total)
}

/**
 * Seconds of a whole pipeline with a model that is on this machine, as `dpo-driver estimate --time` tells: measures one of
 * its layers for a few seconds. null on TensorFlow.js, where nothing is measured.
 * @throws UserError if there is no such model, or the lab cannot use it.
 */
export async function measureRun(config: Config, name: string): Promise<number | null> {
  const named: Config = { ...config, model: { ...config.model, base_model_name: name } }
  if ((await engineOf(named)) !== 'native') return null
  const shape = architectureOf(name)
  const { prompt, completion } = usualLengths(named, shape)
  const { question } = planMemory(named, prompt, completion, 'dpo', shape)
  return runSeconds((await measureStages(named, question, { prompt, completion })).times)
}
