/**
 * Takes training steps of the engine's bench, in its own process so that the peak is its own: `node bench/memory-peak.ts
 * <case as JSON>` prints the most bytes that it ever held. bench/memory.ts has PyTorch take the same steps.
 */
import { z } from 'zod'
import { loadAdapter } from '../main/engine/adapter/adapter.ts'
import { openCheckpoint } from '../main/engine/checkpoint/checkpoint.ts'
import { createNativeEngine } from '../main/engine/native/engine.ts'
import { plant, segmentLogp } from '../main/training/forest.ts'
import { dpoStep, type Reference, sftStep } from './step.ts'
import { benchModels, pairSequences, stepBatch } from './workload.ts'

export const peakCaseSchema = z.strictObject({
  /** The key of a bench's model. */
  model: z.string(),
  /** The folders of the model and its adapter. */
  folder: z.string(),
  adapter: z.string(),
  trained: z.enum(['LoRA', 'all weights']),
  step: z.enum(['sft', 'dpo']),
})
export type PeakCase = z.infer<typeof peakCaseSchema>

export const peakResultSchema = z.strictObject({ bytes: z.number().positive() })

/** AdamW's moments exist from the first step on, so the second step is like all others. */
export const STEPS = 2

async function measure({ model: key, folder, adapter, trained, step }: PeakCase): Promise<number> {
  const model = benchModels().find((each) => each.key === key)
  if (model === undefined) throw new Error(`the bench has no model ${key}`)
  const checkpoint = await openCheckpoint(folder)
  const { config } = checkpoint
  const engine = await createNativeEngine(config, checkpoint, {
    products: 'bf16',
    precision: model.large ? 'bf16' : 'float32',
  })
  await checkpoint.close()
  const target = trained === 'LoRA' ? 'bench' : null
  if (target !== null) {
    const { lora, tensors } = await loadAdapter(adapter, config)
    await engine.addAdapter(target, lora, tensors)
  }
  await engine.train(target)
  const { sequences, pairs } = stepBatch(model)
  const planted = plant(step === 'sft' ? sequences : pairSequences(pairs))
  let reference: Reference[] = []
  if (step === 'dpo') {
    const scores = await engine.logprobs(planted.forest, target)
    const logps = planted.segments.map((segment) => segmentLogp(scores, segment))
    reference = pairs.map((_, i) => ({ chosen: logps[2 * i]!, rejected: logps[2 * i + 1]! }))
  }
  for (let i = 0; i < STEPS; i++)
    await (step === 'sft' ? sftStep(engine, planted) : dpoStep(engine, planted, reference))
  const bytes = process.resourceUsage().maxRSS * 1024
  await engine.close()
  return bytes
}

if (import.meta.main) {
  const bytes = await measure(peakCaseSchema.parse(JSON.parse(process.argv[2] ?? '')))
  console.log(JSON.stringify({ bytes }))
}
