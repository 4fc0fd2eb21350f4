/**
 * Records what the engine computes of a batch: scores, and gradients by way of the whole decoder. It needs no device, so that
 * a plan records the same (plan.ts).
 */
import type { Projection } from '../../config/choices.ts'
import { dropoutKeys } from '../dropout.ts'
import type { ModelConfig } from '../engine.ts'
import { type Adapter, GROUPS, type GroupName } from './adapters.ts'
import type { Arena } from './arena.ts'
import type { BaseWeights } from './base.ts'
import { addEmbeddingGradient } from './base-gradients.ts'
import type { Batch } from './batch.ts'
import {
  backwardLayer,
  beginPass,
  embedTokens,
  endPass,
  finishLayer,
  type Kept,
  lowestAdapted,
  makeLayer,
  type Pass,
  releaseLayer,
} from './decoder.ts'
import { backwardHead, forwardHead, releaseHead } from './head.ts'
import type { View } from './memory.ts'
import type { Dropout } from './products.ts'
import { type Item, Program } from './program.ts'
import type { Training } from './training.ts'

export interface Model {
  readonly config: ModelConfig
  readonly base: BaseWeights
  /** Bytes of workgroup memory. */
  readonly workgroupMemory: number
}

/** Which activations are kept from forward to backward. */
export interface Keeping {
  /** Whether activations are computed again, except for `keptBytes` of them: those of the upper layers. */
  readonly checkpointing: boolean
  readonly keptBytes: number
}

/** A recorded forward pass: its items, and where they leave softmax's states of the batch's targets. */
export interface ForwardRecord {
  readonly items: readonly Item[]
  readonly states: View
}

/** Records a batch's scores. The batch has targets. */
export function recordScores(
  model: Model,
  arena: Arena,
  batch: Batch,
  adapter: Adapter | null,
  dropoutSeed?: number,
): ForwardRecord {
  const program = new Program(arena)
  const { pass, keys } = begin(model, program, batch, adapter, dropoutSeed)
  let x = embedTokens(pass, model.base.embedding)
  model.base.layers.forEach((weights, layer) => {
    const kept = makeLayer(pass, weights, layer, x)
    const output = finishLayer(pass, weights, layer, kept)
    releaseLayer(pass, kept)
    program.free(x)
    x = output
  })
  const head = forwardHead(pass, model.base, x)
  releaseHead(pass, head)
  program.free(x, ...keys)
  endPass(pass)
  return { items: program.cut(), states: head.states }
}

export interface StepRecord {
  readonly forward: ForwardRecord
  /** To be run after `slopes`, the derivatives of the targets' log-probabilities, is written. */
  readonly slopes: View
  readonly backward: readonly Item[]
}

/** Records a batch's scores and its gradients, which are added to those of the training. The batch has targets. */
export function recordStep(
  model: Model,
  arena: Arena,
  batch: Batch,
  training: Training,
  keeping: Keeping,
  dropoutSeed?: number,
): StepRecord {
  const program = new Program(arena)
  const { base } = model
  const { adapter } = training
  const { pass, keys } = begin(model, program, batch, adapter, dropoutSeed)
  const own = training.adapter === null ? training.gradients : undefined
  const lowest = adapter === null ? 0 : (lowestAdapted(adapter) ?? base.layers.length)
  const inputs: View[] = []
  const kept = new Map<number, Kept>()
  let x = embedTokens(pass, base.embedding)
  base.layers.forEach((weights, layer) => {
    const made = makeLayer(pass, weights, layer, x)
    const output = finishLayer(pass, weights, layer, made)
    if (layer >= lowest && isKept(keeping, made, base.layers.length - layer)) kept.set(layer, made)
    else releaseLayer(pass, made)
    if (layer >= lowest) inputs[layer] = x
    else program.free(x)
    x = output
  })
  const head = forwardHead(pass, base, x)
  program.free(x)
  const forward = { items: program.cut(), states: head.states }

  const slopes = program.allocate(batch.targets.count)
  const gradient = backwardHead(pass, base, head, slopes, own)
  for (let layer = base.layers.length - 1; layer >= lowest; layer--) {
    const weights = base.layers[layer]!
    const input = inputs[layer]!
    const made = kept.get(layer) ?? makeLayer(pass, weights, layer, input)
    backwardLayer(pass, training, weights, layer, made, gradient, own === undefined && layer === lowest)
    program.free(input)
  }
  if (own !== undefined) addEmbeddingGradient(program, own.embedding, batch.tokens, gradient)
  program.free(gradient, slopes, ...keys)
  endPass(pass)
  return { forward, slopes, backward: program.cut() }
}

/** Whether a layer is kept, which is the `above`th from the top. All layers keep the same bytes. */
function isKept({ checkpointing, keptBytes }: Keeping, { x: _, low, ...views }: Kept, above: number): boolean {
  if (!checkpointing) return true
  const bytes = [...Object.values(views), ...Object.values(low)].reduce((sum, view) => sum + view.bytes, 0)
  return above * bytes <= keptBytes
}

/** The input of each group of projections, by one of them: they share its dropout. */
const FIRST = Object.entries(GROUPS).map(([name, [first]]) => [name, first] as [GroupName, Projection])

function begin(
  { config, workgroupMemory }: Model,
  program: Program,
  batch: Batch,
  adapter: Adapter | null,
  dropoutSeed: number | undefined,
): { pass: Pass; keys: View[] } {
  const p = adapter?.lora.lora_dropout ?? 0
  const drops = new Map<string, Dropout>()
  if (dropoutSeed !== undefined && p > 0) {
    adapter?.layout.layers.forEach((groups, layer) => {
      for (const [name, projection] of FIRST) {
        if (groups[name] === undefined) continue
        const keys = program.hold(dropoutKeys(dropoutSeed, layer, projection, batch.forestRows))
        drops.set(`${layer} ${name}`, { p, keys })
      }
    })
  }
  const dropout: Pass['dropout'] = (layer, name) => drops.get(`${layer} ${name}`)
  const pass = beginPass(program, config, batch, adapter, dropout, workgroupMemory)
  return { pass, keys: [...drops.values()].map(({ keys }) => keys) }
}
