/** The peaks of a training step and of generation on a graphics card, planned by the code that then allocates them. */
import type { Forest } from '../engine/engine.ts'
import { planGeneration, planStep } from '../engine/webgpu/plan.ts'
import type { GenerationEstimate, GenerationQuestion, MemoryEstimate, MemoryQuestion } from './estimate.ts'

/**
 * Bytes on the card. A step's size depends on its rows and targets alone, so trees of the longest sequence's length stand for
 * those of the batch. `lora` must not be null. Logits are among the activations; a checkpoint is saved from the lab's memory.
 */
export function estimateOnCard(question: MemoryQuestion): MemoryEstimate {
  const { config, lora, frozenAdapters } = question
  if (lora === null) throw new Error('Only the training of adapters is planned.')
  const plan = planStep(config, forestOf(question), {
    holding: question,
    lora: { lora_alpha: 1, lora_dropout: 0, ...lora },
    references: frozenAdapters,
  })
  return {
    weights: plan.weights,
    adapter: plan.adapters,
    optimizer: plan.training,
    activations: plan.arena,
    logits: 0,
    process: 0,
    total: plan.total,
    saving: 0,
  }
}

/**
 * Bytes on the card while completions are generated, when the cache is full. Logits are among the activations. Training clears the
 * cache and frees its own memory at its end, so the two peaks do not add up.
 */
export function estimateGenerationOnCard(question: GenerationQuestion): GenerationEstimate {
  const { config, lora } = question
  const { weights, adapters, cache, arena, total } = planGeneration(config, question, {
    holding: question,
    lora: lora && { lora_alpha: 1, lora_dropout: 0, ...lora },
  })
  return { weights, adapter: adapters, cache, activations: arena, logits: 0, process: 0, total }
}

/** Trees with so many tokens and targets together, none longer than `context`. */
function forestOf({ tokens, targets, context }: Pick<MemoryQuestion, 'tokens' | 'targets' | 'context'>): Forest {
  const trees: Forest[number][] = []
  const [all, answers] = [Math.ceil(tokens), Math.ceil(targets)]
  for (let done = 0; done < all; ) {
    const rows = Math.max(2, Math.min(context, all - done))
    const own = Math.max(1, Math.min(rows - 1, Math.round((answers * rows) / all)))
    const parent = trees.length
    trees.push({ tokens: new Int32Array(rows - own), parent: -1, targetStart: rows - own })
    trees.push({ tokens: new Int32Array(own), parent, targetStart: 0 })
    done += rows
  }
  return trees
}
