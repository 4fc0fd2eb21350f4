/**
 * Measures memory peaks, each in its own process: DPO steps and generation beside the estimates of
 * main/capacity/estimate.ts, and steps of the engine's bench beside PyTorch's.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { estimateGeneration, estimateMemory } from '../main/capacity/estimate.ts'
import { saveAdapter } from '../main/engine/adapter/adapter.ts'
import { publishedShape } from '../main/engine/shapes.ts'
import { randomAdapter } from '../testing/random-model.ts'
import { figure, type Reporter } from './figure.ts'
import { type GenerationCase, generationResultSchema } from './memory-generate.ts'
import { type PeakCase, peakResultSchema, STEPS } from './memory-peak.ts'
import { loraOf, type MemoryCase, resultSchema } from './memory-step.ts'
import { type PeerPrecision, startTorch } from './peer.ts'
import { type Selection, selects } from './selection.ts'
import { type BenchModel, benchModels, LORA, pairSequences, stepBatch } from './workload.ts'

const run = promisify(execFile)
const BENCH = 'memory'
const UNIT = 'GB at the peak'
const GB = 1e9
/** Milliseconds. The 7B model takes minutes on two busy cores. */
const TIME_LIMIT = 3_600_000

const COMMON = { threads: availableParallelism(), r: 16 }
const STEP = { ...COMMON, completion: 64 }
const NF4 = { precision: 'nf4', headPrecision: 'int8', gradientCheckpointing: true } as const
const PLAIN = { headPrecision: 'bf16', gradientCheckpointing: false } as const

const STEPS_ESTIMATED: readonly MemoryCase[] = [
  { ...STEP, ...PLAIN, model: 'Qwen2-0.5B', precision: 'fp32', prompt: 512 },
  { ...STEP, ...PLAIN, model: 'Qwen2-0.5B', precision: 'bf16', prompt: 512 },
  { ...STEP, ...NF4, model: 'Qwen2-0.5B', prompt: 512 },
  { ...STEP, ...NF4, model: 'Qwen2-7B', prompt: 512 },
  { ...STEP, ...NF4, model: 'Qwen2-7B', headPrecision: 'nf4', prompt: 512 },
  { ...STEP, ...NF4, model: 'Qwen2-7B', prompt: 1024 },
]
const GENERATION = { ...COMMON, completions: 4, prompt: 512, completion: 16 }
const GENERATIONS: readonly GenerationCase[] = [
  { ...GENERATION, model: 'Qwen2-0.5B', precision: 'bf16', headPrecision: 'bf16' },
  { ...GENERATION, model: 'Qwen2-0.5B', precision: 'nf4', headPrecision: 'int8' },
  { ...GENERATION, model: 'Qwen2-7B', precision: 'nf4', headPrecision: 'int8' },
]
/** For a check that everything runs. */
const QUICK: readonly MemoryCase[] = [{ ...STEP, ...NF4, model: 'Qwen2-0.5B', prompt: 32, completion: 8 }]

/** Measures the selected cases and reports each peak, with the estimate or PyTorch's peak as the peer. */
export async function benchMemory(report: Reporter, quick: boolean, selection: Selection): Promise<void> {
  const chosen = <T extends { readonly model: string }>(cases: readonly T[], title: (one: T) => string) =>
    cases.filter((one) => selects(selection.model, one.model) && selects(selection.case, title(one)))
  for (const one of chosen(quick ? QUICK : STEPS_ESTIMATED, stepTitle)) await benchStep(report, one)
  if (quick) return
  for (const one of chosen(GENERATIONS, generationTitle)) await benchGeneration(report, one)
  for (const model of benchModels()) {
    if (selects(selection.model, model.key)) await benchPeaks(report, model, selection)
  }
}

async function benchStep(report: Reporter, one: MemoryCase): Promise<void> {
  const { step, seconds, gradNorm } = await inProcess('memory-step.ts', one, resultSchema)
  if (!(gradNorm > 0)) throw new Error(`The step of ${stepTitle(one)} had no gradient.`)
  report.figure(figure(BENCH, stepTitle(one), UNIT, step / GB, 'estimate', estimatedStep(one) / GB))
  const parts = Object.entries(seconds).map(([part, time]) => `${part} ${time.toFixed(0)} s`)
  report.note(`${stepTitle(one)}: ${parts.join(', ')}.`)
}

async function benchGeneration(report: Reporter, one: GenerationCase): Promise<void> {
  const { generated, seconds, packedBytes } = await inProcess('memory-generate.ts', one, generationResultSchema)
  const estimate = estimatedGeneration(one, packedBytes)
  report.figure(figure(BENCH, generationTitle(one), UNIT, generated / GB, 'estimate', estimate / GB))
  report.note(`${generationTitle(one)}: ${seconds.toFixed(0)} s.`)
}

/** Peaks of the engine's steps and of PyTorch's, with the same weights and batches. */
async function benchPeaks(report: Reporter, model: BenchModel, selection: Selection): Promise<void> {
  const title = (trained: string, step: string) => `peak of ${step === 'sft' ? 'an SFT' : 'a DPO'} step, ${trained}`
  const cases = (['all weights', 'LoRA'] as const)
    .filter((trained) => !model.large || trained === 'LoRA')
    .flatMap((trained) => (['sft', 'dpo'] as const).map((step) => ({ trained, step })))
    .filter(({ trained, step }) => selects(selection.case, title(trained, step)))
  if (cases.length === 0) return
  const root = await mkdtemp(join(tmpdir(), 'dpo-driver-memory-'))
  const files = { folder: join(root, 'model'), adapter: join(root, 'adapter') }
  try {
    await model.write(files.folder)
    await saveAdapter(files.adapter, LORA, randomAdapter(model.config, LORA, 2), null)
    for (const one of cases) {
      const peakCase: PeakCase = { model: model.key, ...files, ...one }
      const { bytes } = await inProcess('memory-peak.ts', peakCase, peakResultSchema)
      const name = `${model.title}: ${title(one.trained, one.step)}`
      const torch = (['bf16', 'fp32'] as const).map((precision) => () => torchPeak(model, peakCase, precision))
      let compared = false
      for (const peak of torch) {
        const peer = await peak()
        if (peer === null) continue
        compared = true
        report.figure(figure(BENCH, name, UNIT, bytes / GB, peer.name, peer.bytes / GB))
      }
      if (!compared) report.figure(figure(BENCH, name, UNIT, bytes / GB))
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** The most bytes that PyTorch held in the same steps; null if it is not installed. */
async function torchPeak(model: BenchModel, { folder, adapter, trained, step }: PeakCase, precision: PeerPrecision) {
  const peer = await startTorch(precision)
  if (peer === null) return null
  try {
    await peer.load({ folder, adapter, trained: [trained], gguf: '' })
    const { sequences, pairs } = stepBatch(model)
    const both = pairSequences(pairs)
    const request =
      step === 'sft'
        ? { do: 'sft', sequences, trained }
        : { do: 'dpo', sequences: both, reference: both.map(() => 0), trained }
    for (let i = 0; i < STEPS; i++) await peer.ask(z.object({}), request)
    const { bytes } = await peer.ask(peakResultSchema, { do: 'peak' })
    return { name: peer.name, bytes }
  } finally {
    await peer.close()
  }
}

async function inProcess<T>(script: string, argument: unknown, schema: z.ZodType<T>): Promise<T> {
  const file = join(import.meta.dirname, script)
  const { stdout } = await run(process.execPath, [file, JSON.stringify(argument)], { timeout: TIME_LIMIT })
  return schema.parse(JSON.parse(stdout))
}

function estimatedStep({ model, r, prompt, completion, ...holding }: MemoryCase): number {
  return estimateMemory({
    ...holding,
    packedBytes: 4,
    config: publishedShape(model)!,
    lora: loraOf(r),
    frozenAdapters: 0,
    tokens: prompt + 2 * completion,
    targets: 2 * completion,
    context: prompt + completion,
  }).total
}

function estimatedGeneration({ model, r, ...question }: GenerationCase, packedBytes: 2 | 4): number {
  const held = { packedBytes, gradientCheckpointing: false, config: publishedShape(model)! } as const
  return estimateGeneration({ ...question, ...held, lora: loraOf(r) }).total
}

function stepTitle({ gradientCheckpointing, prompt, completion, ...model }: MemoryCase): string {
  return `DPO step, ${heldAs(model)}, ${prompt} + 2 x ${completion} tokens${gradientCheckpointing ? ', checkpointing' : ''}`
}

function generationTitle({ completions, prompt, completion, ...model }: GenerationCase): string {
  return `generation, ${heldAs(model)}, ${completions} x ${prompt} + ${completion} tokens`
}

function heldAs({
  model,
  precision,
  headPrecision,
}: Pick<MemoryCase, 'model' | 'precision' | 'headPrecision'>): string {
  return `${model} in ${precision === 'fp32' ? 'fp32' : `${precision}, head ${headPrecision}`}`
}
