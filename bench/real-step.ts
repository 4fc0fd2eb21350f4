/**
 * Measures training steps of a real model on real prompts: `npx node bench/real-step.ts --model FOLDER --samples FILE --pairs
 * FILE`. Samples and pairs are files as the lab exports them; the longest are taken. This engine, those of other checkouts
 * (`--against DIR`) and PyTorch (`--torch bf16` or `fp32`) take turns, each in its own process, and medians count. Also printed is the
 * time of all processors together: on a busy machine it says more than the clock. `--stage N` adds a step as the stage takes it: N
 * pairs, N successes (the chosen answers of other pairs) and N / 2 samples, the first of the files; PyTorch takes no part in it.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { userMessageOf, wholePrompt } from '../main/agent/prompt.ts'
import { estimateMemory } from '../main/capacity/estimate.ts'
import { type BatchSize, largestBatches } from '../main/capacity/memory.ts'
import { PROMPT_STYLES } from '../main/config/choices.ts'
import { saveAdapter } from '../main/engine/adapter/adapter.ts'
import { openCheckpoint } from '../main/engine/checkpoint/checkpoint.ts'
import type { ModelConfig } from '../main/engine/engine.ts'
import { loadTokenizer, type Tokenizer } from '../main/engine/tokenizer/tokenizer.ts'
import { PROGRAM_ROOT } from '../main/files/paths.ts'
import type { Sequence } from '../main/training/forest.ts'
import type { TokenPair } from '../main/training/preference.ts'
import { randomAdapter } from '../testing/random-model.ts'
import { median } from './measure.ts'
import { Peer, startTorch } from './peer.ts'
import { type EngineSettings, engineSettingsSchema } from './peer-engine.ts'
import { LORA, pairSequences } from './workload.ts'

const argumentsSchema = z.object({
  model: z.string(),
  samples: z.string(),
  /** How the lab's own samples are asked, as `model.prompt`; pairs stay as they are. */
  prompt: z.enum(PROMPT_STYLES),
  pairs: z.string(),
  against: z.array(z.string()),
  /** The precision of PyTorch's weights and products; without it PyTorch takes no part. */
  torch: z.enum(['', 'bf16', 'fp32']),
  /** For machines that have less: also limits PyTorch. */
  instructions: z.enum(['', 'avx2', 'avx512']),
  precision: engineSettingsSchema.shape.precision,
  checkpointing: z.boolean(),
  /** Gigabytes of activations that are kept beside checkpointing. PyTorch cannot. */
  keep: z.coerce.number().nonnegative(),
  sft: z.coerce.number().int(),
  dpo: z.coerce.number().int(),
  stage: z.coerce.number().int().nonnegative(),
  rounds: z.coerce.number().int().positive(),
})
type Arguments = z.infer<typeof argumentsSchema>

const textSchema = z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })).min(1)
const sampleSchema = z.object({ prompt: textSchema, completion: textSchema })
const pairSchema = z.object({ prompt: textSchema, chosen: textSchema, rejected: textSchema })
const logprobsSchema = z.object({ logprobs: z.array(z.number()) })
const takenSchema = z.object({ seconds: z.number(), cpu: z.number() })
type Taken = z.infer<typeof takenSchema>
const peakSchema = z.object({ bytes: z.number() })

interface StepRequest {
  readonly do: 'sft' | 'dpo' | 'stage'
  readonly sequences: readonly Sequence[]
  readonly reference?: readonly number[]
  readonly successes?: readonly Sequence[]
  readonly samples?: readonly Sequence[]
}

/** A contestant in its own process. */
interface Contestant {
  readonly name: string
  readonly peer: Peer
}

async function main(args: Arguments): Promise<void> {
  const tokenizer = await loadTokenizer(args.model)
  const checkpoint = await openCheckpoint(args.model)
  const { config } = checkpoint
  await checkpoint.close()
  const samples = longest(readSamples(args, tokenizer), args.sft)
  const all = distinct(readPairs(args.pairs, tokenizer))
  const pairs = longest(all, args.dpo)
  const stage = {
    pairs: all.slice(0, args.stage),
    successes: all
      .slice(args.stage, 2 * args.stage)
      .map(({ prompt, chosen }): Sequence => ({ prompt, completion: chosen })),
    samples: readSamples(args, tokenizer).slice(0, Math.ceil(args.stage / 2)),
  }
  const adapter = await mkdtemp(join(tmpdir(), 'dpo-driver-step-'))
  const contestants: Contestant[] = []
  try {
    await saveAdapter(adapter, LORA, randomAdapter(config, LORA, 2), null)
    contestants.push({ name: 'this engine', peer: await startEngine(PROGRAM_ROOT, args) })
    for (const other of args.against) contestants.push({ name: other, peer: await startEngine(other, args) })
    const torch = args.torch === '' ? null : await startTorch(args.torch, limited(args.instructions))
    if (torch !== null) contestants.push({ name: torch.name, peer: torch })
    for (const { peer } of contestants) {
      await peer.load({ folder: args.model, adapter, trained: ['LoRA'], gguf: '', checkpointing: args.checkpointing })
    }
    await compareSteps('SFT', contestants, args.rounds, { do: 'sft', sequences: samples })
    const dpo = await referred(contestants[0]!.peer, pairs)
    await compareSteps('DPO', contestants, args.rounds, { do: 'dpo', ...dpo })
    const ours = contestants.filter(({ peer }) => peer !== torch)
    const staged = {
      ...(await referred(ours[0]!.peer, stage.pairs)),
      successes: stage.successes,
      samples: stage.samples,
    }
    await compareSteps('Stage', ours, args.rounds, { do: 'stage', ...staged })
    for (const { name, peer } of contestants) {
      const { bytes } = await peer.ask(peakSchema, { do: 'peak' })
      console.log(`Peak of ${name}: ${gigabytes(bytes)}.`)
    }
    const batches = [
      [samples.map((sample) => [sample])],
      [pairs.map((pair) => pairSequences([pair]))],
      [
        stage.pairs.map((pair) => pairSequences([pair])),
        ...[stage.successes, stage.samples].map((all) => all.map((one) => [one])),
      ],
    ].flatMap((terms) => largestBatches(terms.map((groups) => ({ groups, size: groups.length }))))
    console.log(`Estimate: ${gigabytes(estimated(config, batches, args))}.`)
  } finally {
    await Promise.all(contestants.map(({ peer }) => peer.close()))
    await rm(adapter, { recursive: true, force: true })
  }
}

function startEngine(checkout: string, { instructions, precision, checkpointing, keep }: Arguments): Promise<Peer> {
  const keptBytes = keep * 1e9
  const settings: EngineSettings = { checkout: resolve(checkout), instructions, precision, checkpointing, keptBytes }
  const script = join(import.meta.dirname, 'peer-engine.ts')
  return Peer.start(spawn(process.execPath, [script, JSON.stringify(settings)]), 'bf16', true)
}

/** The variables that hold PyTorch and its libraries to an instruction set. */
function limited(instructions: Arguments['instructions']): Record<string, string> {
  if (instructions !== 'avx2') return {}
  return { ATEN_CPU_CAPABILITY: 'avx2', ONEDNN_MAX_CPU_ISA: 'AVX2', MKL_ENABLE_INSTRUCTIONS: 'AVX2' }
}

/** Lets the contestants take the same step by turns, after one for warming up, and prints the medians. */
async function compareSteps(
  title: string,
  contestants: readonly Contestant[],
  rounds: number,
  request: StepRequest,
): Promise<void> {
  const { sequences } = request
  if (sequences.length === 0) return
  const lengths = sequences.map(({ prompt, completion }) => `${prompt.length} + ${completion.length}`)
  console.log(`${title} step of ${lengths.join(', ')} tokens`)
  const step = { ...request, trained: 'LoRA' }
  const taken = contestants.map((): Taken[] => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { peer }] of contestants.entries()) {
      const one = await peer.ask(takenSchema, step)
      if (round > 0) taken[i]!.push(one)
    }
  }
  const middle = (i: number, key: keyof Taken) => median(taken[i]!.map((one) => one[key]))
  const told = (i: number, key: keyof Taken) =>
    `${middle(i, key).toFixed(2)} s (${(middle(i, key) / middle(0, key)).toFixed(2)}x)`
  for (const [i, { name }] of contestants.entries()) {
    console.log(`  ${name}: ${told(i, 'seconds')}, of all processors ${told(i, 'cpu')}`)
  }
}

/** The sequences of pairs, each with its log-probability with the adapter as it is: so the loss is at its beginning. */
async function referred(peer: Peer, pairs: readonly TokenPair[]) {
  const sequences = pairSequences(pairs)
  return { sequences, reference: await referenceLogps(peer, sequences) }
}

async function referenceLogps(peer: Peer, sequences: readonly Sequence[]): Promise<number[]> {
  if (sequences.length === 0) return []
  const { logprobs } = await peer.ask(logprobsSchema, { do: 'logprobs', sequences, trained: 'LoRA' })
  let end = 0
  return sequences.map(({ completion }) => {
    end += completion.length
    return logprobs.slice(end - completion.length, end).reduce((sum, logprob) => sum + logprob, 0)
  })
}

/** The estimate for the largest of these batches. */
function estimated(
  config: ModelConfig,
  batches: readonly BatchSize[],
  { precision, checkpointing, keep }: Arguments,
): number {
  const totals = batches.map(
    (batch) =>
      estimateMemory({
        config,
        precision,
        headPrecision: 'bf16',
        gradientCheckpointing: checkpointing,
        keptBytes: keep * 1e9,
        packedBytes: 4,
        threads: availableParallelism(),
        lora: LORA,
        frozenAdapters: 0,
        ...batch,
      }).total,
  )
  return Math.max(...totals)
}

function longest<T extends { readonly prompt: Int32Array }>(items: readonly T[], count: number): T[] {
  return distinct(items)
    .sort((a, b) => b.prompt.length - a.prompt.length)
    .slice(0, count)
}

/** The first item of each prompt. */
function distinct<T extends { readonly prompt: Int32Array }>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [item.prompt.join(), item] as const).reverse()).values()].reverse()
}

function readSamples({ samples, prompt: style }: Arguments, tokenizer: Tokenizer): Sequence[] {
  return readLines(samples, sampleSchema).map(({ prompt, completion }) => {
    const content = userMessageOf(prompt)
    return {
      prompt: tokenizer.chatPrompt(content === undefined ? prompt : wholePrompt(style, content)),
      completion: answer(tokenizer, completion),
    }
  })
}

function readPairs(file: string, tokenizer: Tokenizer): TokenPair[] {
  return readLines(file, pairSchema).map(({ prompt, chosen, rejected }) => ({
    prompt: tokenizer.chatPrompt(prompt),
    chosen: answer(tokenizer, chosen),
    rejected: answer(tokenizer, rejected),
  }))
}

function answer(tokenizer: Tokenizer, [message]: z.infer<typeof textSchema>): Int32Array {
  return Int32Array.from([...tokenizer.encode(message!.content), tokenizer.stopTokenIds[0]!])
}

function readLines<T>(file: string, schema: z.ZodType<T>): T[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line.trim() !== '').map((line) => schema.parse(JSON.parse(line)))
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`
}

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    samples: { type: 'string' },
    prompt: { type: 'string', default: 'compact' },
    pairs: { type: 'string' },
    against: { type: 'string', multiple: true, default: [] },
    torch: { type: 'string', default: '' },
    instructions: { type: 'string', default: '' },
    precision: { type: 'string', default: 'bf16' },
    checkpointing: { type: 'boolean', default: false },
    keep: { type: 'string', default: '0' },
    sft: { type: 'string', default: '4' },
    dpo: { type: 'string', default: '2' },
    stage: { type: 'string', default: '0' },
    rounds: { type: 'string', default: '3' },
  },
})
await main(argumentsSchema.parse(values))
