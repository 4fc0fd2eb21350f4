/** Estimates what a configuration needs of the machine, before anything is loaded. */

import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs'
import { stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { architectureOf, knownShape, localFolder } from '../engine/architecture.ts'
import type { EngineKind, ModelConfig } from '../engine/engine.ts'
import { engineOf } from '../engine/engine-of.ts'
import { isGguf } from '../engine/gguf/parts.ts'
import { chooseHolding, weightBytes } from '../engine/holding.ts'
import { huggingFaceCache } from '../engine/hub/settings.ts'
import { isOnHub, isQuantized } from '../engine/load.ts'
import { memoryHere } from '../engine/machine.ts'
import { adapterShapes, checkpointShapes, countNumbers } from '../engine/weights.ts'
import { nearestFolder } from '../files/file.ts'
import { projectPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { gb } from '../messages/gigabytes.ts'
import type { MemoryEstimate } from './estimate.ts'
import { type LeastMemory, leastMemory } from './estimate-tfjs.ts'
import { beginningTokens, CHARACTERS_A_TOKEN } from './lengths.ts'
import { planMemory } from './memory.ts'

/** The least that training on TensorFlow.js takes. */
export interface LeastPlan {
  readonly engine: EngineKind
  readonly estimate: LeastMemory
  /** For comparison, a DPO step of the native engine with NF4 weights. */
  readonly native: MemoryEstimate
  /** Bytes of memory that are free now. */
  readonly free: number
}

/**
 * The least memory of training on TensorFlow.js, and for comparison that of a step of the native engine, with prompts and
 * completions of this many tokens.
 * @throws UserError if the model is neither on this machine nor of a published size.
 */
export async function planLeast(config: Config, prompt: number, completion: number): Promise<LeastPlan> {
  const nf4: Config = { ...config, model: { ...config.model, engine: 'native', precision: 'nf4' } }
  return {
    engine: await engineOf(config),
    estimate: leastMemory(architectureOf(config.model.base_model_name), config.lora),
    native: planMemory(nf4, prompt, completion).estimate,
    free: memoryHere().available,
  }
}

/** Tokens of a prompt beside the page and what all begin with: the lab's own words, the task, past actions. */
const PROMPT_FRAME = 200
/** Bytes of a run with a small model, browser included. */
const LEAST_MEMORY = 1e9

export interface MemoryForecast {
  /** Bytes that the smallest training needs. */
  readonly least: number
  /** Bytes if every page of a batch is as long as the configuration allows; null if that is unknown. */
  readonly most: number | null
}

/** The peaks of training and generating; null if the model's shape is unknown before its download. */
export async function forecastMemory(config: Config): Promise<MemoryForecast | null> {
  const shape = knownShape(config)
  if (shape === null) return null
  const engine = await engineOf(config, shape)
  // The host holds the model on the card, and a piece of it on its way.
  if (engine === 'webgpu') return { least: LEAST_MEMORY, most: LEAST_MEMORY }
  if (engine !== 'native') {
    return { least: Math.max(LEAST_MEMORY, leastMemory(shape, config.lora).total), most: null }
  }
  const page = Math.ceil(config.environment.max_chars / CHARACTERS_A_TOKEN)
  const prompt = beginningTokens(config, shape) + page + PROMPT_FRAME
  const answer = config.model.max_new_tokens
  const { sft, dpo } = config.training
  const one: Config = {
    ...config,
    training: { ...config.training, sft: { ...sft, batch_size: 1 }, dpo: { ...dpo, batch_size: 1 } },
  }
  const peak = ({ total, saving }: MemoryEstimate) => total + saving
  const stages = (['sft', 'dpo'] as const).map((stage) => planMemory(config, prompt, answer, stage))
  return {
    least: Math.max(LEAST_MEMORY, peak(planMemory(one, 1, 1, 'sft').estimate)),
    most: Math.max(
      LEAST_MEMORY,
      ...stages.map(({ estimate }) => peak(estimate)),
      ...stages.map(({ generation }) => generation.total),
    ),
  }
}

/**
 * The peaks of training and generating, as forecastMemory.
 * @throws UserError if the smallest training needs more than `free` bytes.
 */
export async function checkMemory(config: Config, free: number): Promise<MemoryForecast | null> {
  const forecast = await forecastMemory(config)
  if (forecast === null || free >= forecast.least) return forecast
  const inNf4 = forecast.most === null || ['auto', 'nf4'].includes(config.model.precision)
  const values = { free: gb(free), needed: gb(forecast.least) }
  throw new UserError(inNf4 ? 'memoryTooSmall' : 'memoryTooSmallUnlessNf4', values)
}

/** The store with its episodes, and the reports. */
const STORE_BYTES = 0.5e9
/** Adapters that a run writes: SFT and DPO with their exports, three controls; and a checkpoint's weights and moments. */
const ADAPTERS = 7
const CHECKPOINT = 4

export interface DiskForecast {
  /** Bytes of the model that are still to be downloaded. */
  readonly download: number
  /** Bytes needed and free, an entry for each file system. */
  readonly places: readonly { readonly folder: string; readonly needed: number; readonly free: number }[]
}

/** The bytes that a run writes (the model's download, its weights in 4 bits, adapters, the store), and those that are free. */
export async function forecastDisk(config: Config): Promise<DiskForecast> {
  const shape = knownShape(config)
  const needs = [{ folder: dirname(projectPath(config.paths.store)), bytes: STORE_BYTES }]
  let download = 0
  if (shape !== null) {
    const numbers = countNumbers(adapterShapes(shape, config.lora))
    needs.push({ folder: projectPath(config.paths.reports), bytes: 4 * numbers * (ADAPTERS + CHECKPOINT) })
    const name = config.model.base_model_name
    const folder = localFolder(name)
    if (folder === null && isOnHub(name)) {
      // Qwen2 is published in bf16.
      download = Math.max(0, 2 * countNumbers(checkpointShapes(shape)) - begunBytes(name))
      needs.push({ folder: huggingFaceCache(), bytes: download })
    }
    const quantized = await quantizedBytes(config, shape, folder)
    const beside = folder !== null && isGguf(folder) ? null : nearestFolder(folder ?? huggingFaceCache())
    const written = beside !== null && canWrite(beside) ? beside : projectPath('data/quantized')
    needs.push({ folder: written, bytes: quantized })
  }
  const places = new Map<number, { folder: string; needed: number; free: number }>()
  for (const { folder, bytes } of needs.filter((one) => one.bytes > 0)) {
    const there = nearestFolder(folder)
    const { dev } = await stat(there)
    const { bavail, bsize } = await statfs(there)
    const before = places.get(dev) ?? { folder: there, needed: 0, free: bavail * bsize }
    places.set(dev, { ...before, needed: before.needed + bytes })
  }
  return { download, places: [...places.values()] }
}

/** Bytes of the file of weights in 4 bits for the native engine; 0 if it exists or will not be made. */
async function quantizedBytes(config: Config, shape: ModelConfig, folder: string | null): Promise<number> {
  if ((await engineOf(config, shape)) !== 'native') return 0
  const { model } = config
  const options = { threads: model.threads, precision: model.precision, headPrecision: model.head_precision }
  const holding = chooseHolding(shape, options)
  if (holding.precision !== 'nf4' || (folder !== null && (await isQuantized(folder, holding)))) return 0
  return weightBytes(shape, holding)
}

/** Bytes of an unfinished download. */
function begunBytes(name: string): number {
  const blobs = join(huggingFaceCache(), `models--${name.replace('/', '--')}`, 'blobs')
  if (!existsSync(blobs)) return 0
  return readdirSync(blobs).reduce((sum, file) => sum + statSync(join(blobs, file)).size, 0)
}

function canWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
