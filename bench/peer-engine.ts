/**
 * The native engine of this or another checkout as a peer of the bench, in its own process: `node bench/peer-engine.ts
 * <settings as JSON>` takes the requests of peer_torch.py.
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { PRECISIONS } from '../main/config/choices.ts'
import type { loadAdapter } from '../main/engine/adapter/adapter.ts'
import type { openCheckpoint } from '../main/engine/checkpoint/checkpoint.ts'
import type { Engine } from '../main/engine/engine.ts'
import { storedAs } from '../main/engine/holding.ts'
import type { createNativeEngine } from '../main/engine/native/engine.ts'
import type { PlantedForest, plant, Sequence, targets } from '../main/training/forest.ts'
import type { PreferenceOptions, trainPreference } from '../main/training/preference.ts'
import type { dpoStep, Reference, sftStep } from './step.ts'

export const engineSettingsSchema = z.strictObject({
  checkout: z.string(),
  instructions: z.enum(['', 'avx2', 'avx512']),
  precision: z.enum(PRECISIONS),
  /** `training.gradient_checkpointing`. */
  checkpointing: z.boolean(),
  /** Of activations, beside checkpointing. */
  keptBytes: z.number(),
})
export type EngineSettings = z.infer<typeof engineSettingsSchema>

const ADAPTER = 'bench'

const sequencesSchema = z.array(
  z.object({ prompt: z.array(z.int()), completion: z.array(z.int()) }).transform(
    ({ prompt, completion }): Sequence => ({
      prompt: Int32Array.from(prompt),
      completion: Int32Array.from(completion),
    }),
  ),
)
const requestSchema = z.discriminatedUnion('do', [
  z.object({ do: z.literal('hello') }),
  z.object({ do: z.literal('settings') }),
  z.object({ do: z.literal('load'), model: z.string(), adapter: z.string() }),
  z.object({ do: z.literal('logprobs'), sequences: sequencesSchema }),
  z.object({ do: z.literal('sft'), sequences: sequencesSchema }),
  z.object({ do: z.literal('dpo'), sequences: sequencesSchema, reference: z.array(z.number()) }),
  z.object({
    do: z.literal('stage'),
    /** Twice as many as pairs: chosen and rejected by turns. */
    sequences: sequencesSchema,
    reference: z.array(z.number()),
    successes: sequencesSchema,
    samples: sequencesSchema,
  }),
  z.object({ do: z.literal('peak') }),
])

/** What is used of a checkout. Older ones have it too. */
interface Lab {
  readonly createNativeEngine: typeof createNativeEngine
  readonly openCheckpoint: typeof openCheckpoint
  readonly loadAdapter: typeof loadAdapter
  readonly plant: typeof plant
  readonly targets: typeof targets
  readonly sftStep: typeof sftStep
  readonly dpoStep: typeof dpoStep
  readonly trainPreference: typeof trainPreference
}

/** The stage's defaults, except that the rate is so small that the model stays the same for the next contestant. */
const STAGE: Omit<PreferenceOptions, 'batch_size'> = {
  learning_rate: 1e-7,
  lr_scheduler_type: 'constant',
  warmup_steps: 0,
  max_steps: 1,
  grad_accumulation_steps: 1,
  weight_decay: 0,
  max_grad_norm: 1,
  seed: 1,
  loss_type: 'sigmoid',
  beta: 0.1,
  label_smoothing: 0,
  desirable_weight: 1,
  undesirable_weight: 1,
  rpo_alpha: 1,
  imitation: 1,
  replay: 1,
  max_length: null,
}

/** Where a checkout has each of them; the later names are those of older ones. */
const FILES = [
  ['main/engine/native/engine.ts'],
  ['main/engine/checkpoint/checkpoint.ts', 'main/engine/checkpoint.ts'],
  ['main/engine/adapter/adapter.ts', 'main/engine/adapter.ts'],
  ['main/training/forest.ts'],
  ['main/training/preference.ts'],
  ['bench/step.ts'],
]

async function open(checkout: string): Promise<Lab> {
  const load = (names: readonly string[]) => {
    const file = names.map((name) => join(checkout, name)).find(existsSync)
    if (file === undefined) throw new Error(`${checkout}: no ${names[0]}`)
    return import(pathToFileURL(file).href)
  }
  return Object.assign({}, ...(await Promise.all(FILES.map(load))))
}

async function serve({ checkout, instructions, precision, checkpointing, keptBytes }: EngineSettings): Promise<void> {
  const lab = await open(checkout)
  const engines: Engine[] = []
  const loaded = () => {
    const [engine] = engines
    if (engine === undefined) throw new Error('load comes first')
    return engine
  }
  const logprobs = async ({ forest, segments }: PlantedForest) => {
    const scores = await loaded().logprobs(forest, ADAPTER)
    return segments.flatMap((segment) => [...lab.targets(scores, segment)])
  }
  const timed = async (work: () => Promise<unknown>) => {
    const start = performance.now()
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    return { seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 }
  }
  const answer = async (request: z.infer<typeof requestSchema>): Promise<object> => {
    switch (request.do) {
      case 'hello':
        return { name: `the engine of ${checkout}`, threads: 2 }
      case 'settings':
        return {}
      case 'load': {
        const checkpoint = await lab.openCheckpoint(request.model)
        const { config } = checkpoint
        const engine = await lab.createNativeEngine(config, checkpoint, {
          instructions,
          products: 'bf16',
          precision: storedAs(precision),
          checkpointing,
          keptBytes,
        })
        await checkpoint.close()
        const { lora, tensors } = await lab.loadAdapter(request.adapter, config)
        engines.push(engine)
        await engine.addAdapter(ADAPTER, lora, tensors)
        await engine.train(ADAPTER)
        return {}
      }
      case 'logprobs':
        return { logprobs: await logprobs(lab.plant(request.sequences)) }
      case 'sft':
        return timed(() => lab.sftStep(loaded(), lab.plant(request.sequences)))
      case 'dpo': {
        const logps = request.reference
        const reference: Reference[] = Array.from({ length: logps.length / 2 }, (_, i) => ({
          chosen: logps[2 * i]!,
          rejected: logps[2 * i + 1]!,
        }))
        return timed(() => lab.dpoStep(loaded(), lab.plant(request.sequences), reference))
      }
      case 'stage': {
        const { sequences, reference, successes, samples } = request
        const pairs = Array.from({ length: reference.length / 2 }, (_, i) => ({
          prompt: sequences[2 * i]!.prompt,
          chosen: sequences[2 * i]!.completion,
          rejected: sequences[2 * i + 1]!.completion,
        }))
        const logps = pairs.map((_, i) => ({
          chosen: reference[2 * i]!,
          rejected: reference[2 * i + 1]!,
          mismatched: 0,
        }))
        const job = {
          engine: loaded(),
          adapter: ADAPTER,
          objective: { method: 'dpo', pairs, reference: logps, examples: successes },
          golden: samples,
          options: { ...STAGE, batch_size: pairs.length },
        } as const
        return timed(() => lab.trainPreference(job))
      }
      case 'peak':
        return { bytes: process.resourceUsage().maxRSS * 1024 }
    }
  }
  for await (const line of createInterface({ input: process.stdin }))
    console.log(JSON.stringify(await answer(requestSchema.parse(JSON.parse(line)))))
  for (const engine of engines) await engine.close()
}

if (import.meta.main) await serve(engineSettingsSchema.parse(JSON.parse(process.argv[2] ?? '')))
