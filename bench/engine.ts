/** The native engine against TensorFlow.js and PyTorch: the same model, weights and batch, taking turns. */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { saveAdapter } from '../main/engine/adapter.ts'
import { type Checkpoint, saveCheckpoint } from '../main/engine/checkpoint.ts'
import type { AdapterName, Engine, LoraConfig, Sampling } from '../main/engine/engine.ts'
import { createNativeEngine } from '../main/engine/native/engine.ts'
import { randomAdapter } from '../main/engine/random-model.ts'
import { createTfjsEngine } from '../main/engine/tfjs/engine.ts'
import { plant, type Sequence, segmentLogp, targets } from '../main/training/forest.ts'
import { figure, type Reporter } from './figure.ts'
import { generationWork, leastSeconds, type Peak, stepWork } from './limit.ts'
import { type Contestant, interleave, timed } from './measure.ts'
import { measurePeak } from './peak.ts'
import { type Peer, startPeer } from './peer.ts'
import { dpoStep, plantUnshared, type Reference, sftStep } from './step.ts'
import { benchModels, LORA, pairSequences, sequenceTokens, type Workload, workload } from './workload.ts'

/** How much is measured. */
interface Scale {
  /** Times that everything runs, warm-up aside. */
  readonly rounds: number
  /** Of an SFT step. */
  readonly sequences: number
  /** Of a DPO step. */
  readonly pairs: number
  /** Prompts that are completed together, apart from one alone. */
  readonly prompts: number
}

const FULL: Scale = { rounds: 5, sequences: 16, pairs: 8, prompts: 8 }
/** To see that everything runs; its figures say little. */
const QUICK: Scale = { rounds: 1, sequences: 2, pairs: 1, prompts: 2 }

const NEW_TOKENS = 24
const ADAPTER = 'bench'
const BENCH = 'engine'

/** Most difference between two engines' log-probabilities of a token, in nats, for their times to be comparable. */
const TOLERANCE = 1e-3

/** Seconds that finding the peer's best number of threads may take for each number. */
const TRIAL_PATIENCE = 1

/** What is trained, by the name that the cases and the peer have for it. */
const TRAINED = [
  { name: 'all weights', adapter: null, lora: null },
  { name: 'LoRA', adapter: ADAPTER, lora: LORA },
] as const satisfies readonly { name: string; adapter: AdapterName; lora: LoraConfig | null }[]

const secondsSchema = z.object({ seconds: z.number().positive() })
const doneSchema = z.object({})

/** Everything that takes part in the cases of one model. */
interface Arena {
  readonly title: string
  readonly native: Engine
  readonly tfjs: Engine
  readonly torch: Peer | null
  readonly peak: Peak | null
  readonly work: Workload
  readonly rounds: number
  readonly report: Reporter
}

/**
 * Reports tokens a second of SFT and DPO steps and of greedy generation, for each of the bench's models. Tokens are
 * those of the batch as it is written, each sequence with its prompt. Throws where the contestants do not compute the
 * same log-probabilities.
 */
export async function benchEngine(report: Reporter, quick: boolean): Promise<void> {
  const scale = quick ? QUICK : FULL
  const torch = await startPeer()
  if (torch === null) report.note('PyTorch is not installed for the bench: run bench/peers.sh to compare with it.')
  try {
    for (const [title, checkpoint] of await benchModels()) await benchModel(title, checkpoint, torch, report, scale)
    if (torch !== null) await benchMatmul(torch, report)
  } finally {
    await torch?.close()
  }
}

async function benchModel(
  title: string,
  { config, tensors }: Checkpoint,
  torch: Peer | null,
  report: Reporter,
  scale: Scale,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'dpo-driver-bench-'))
  const native = await createNativeEngine(config, tensors)
  const tfjs = await createTfjsEngine(config, tensors, { backend: 'wasm' })
  try {
    const adapter = randomAdapter(config, LORA, 2)
    for (const engine of [native, tfjs]) await engine.addAdapter(ADAPTER, LORA, adapter)
    await saveCheckpoint(join(folder, 'model'), config, tensors)
    await saveAdapter(join(folder, 'adapter'), LORA, adapter, null)
    await torch?.ask(doneSchema, { do: 'load', model: join(folder, 'model'), adapter: join(folder, 'adapter') })

    const bytes = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0)
    const peak = await measurePeak(availableParallelism(), bytes)
    if (peak === null) report.note('No C++ compiler to measure the machine with, so no figures of its limit.')
    else report.note(`${title}: at most ${giga(peak.flops)} GFLOP/s, and ${giga(peak.bytes)} GB/s of weights read.`)

    const work = workload(config.vocab_size, scale.sequences, scale.pairs)
    const arena: Arena = { title, native, tfjs, torch, peak, work, rounds: scale.rounds, report }
    report.note(`${title}: ${native.description}; ${tfjs.description}.`)
    await checkLogprobs(arena)
    for (const batch of [1, scale.prompts]) await benchGeneration(arena, batch)
    for (const trained of TRAINED) {
      await benchSft(arena, trained)
      await benchDpo(arena, trained)
    }
  } finally {
    await Promise.all([native.close(), tfjs.close()])
    await rm(folder, { recursive: true, force: true })
  }
}

async function benchSft({ work, ...arena }: Arena, { name, adapter, lora }: (typeof TRAINED)[number]): Promise<void> {
  const planted = plant(work.sequences)
  const contestants: Contestant[] = []
  for (const engine of [arena.native, arena.tfjs]) {
    await engine.train(adapter)
    contestants.push({ name: engine.kind, run: () => timed(() => sftStep(engine, planted)) })
  }
  const request = { do: 'sft', sequences: work.sequences, trained: name }
  contestants.push(...(await peerContestant(arena.torch, request)))
  const least = arena.peak && leastSeconds(stepWork(arena.native.config, planted.forest, lora), arena.peak)
  await compare(arena, `SFT step, ${name}`, sequenceTokens(work.sequences), contestants, least)
}

async function benchDpo({ work, ...arena }: Arena, { name, adapter, lora }: (typeof TRAINED)[number]): Promise<void> {
  const sequences = pairSequences(work.pairs)
  const [shared, unshared] = [plant(sequences), plantUnshared(sequences)]
  const scores = await arena.native.logprobs(shared.forest, adapter)
  const logps = shared.segments.map((segment) => segmentLogp(scores, segment))
  const reference: Reference[] = work.pairs.map((_, i) => ({ chosen: logps[2 * i]!, rejected: logps[2 * i + 1]! }))
  const contestants: Contestant[] = []
  for (const engine of [arena.native, arena.tfjs]) {
    await engine.train(adapter)
    contestants.push({ name: engine.kind, run: () => timed(() => dpoStep(engine, shared, reference)) })
  }
  contestants.push({
    name: 'native, prompts not shared',
    run: () => timed(() => dpoStep(arena.native, unshared, reference)),
  })
  contestants.push(...(await peerContestant(arena.torch, { do: 'dpo', sequences, reference: logps, trained: name })))
  const least = arena.peak && leastSeconds(stepWork(arena.native.config, shared.forest, lora), arena.peak)
  await compare(arena, `DPO step, ${name}`, sequenceTokens(sequences), contestants, least)
}

/** Tokens made a second, the time for the prompt included. */
async function benchGeneration({ work, ...arena }: Arena, batch: number): Promise<void> {
  const prompts = work.sequences.slice(0, batch).map(({ prompt }) => prompt)
  await checkCompletions(arena, prompts)
  const contestants: Contestant[] = [arena.native, arena.tfjs].map((engine) => ({
    name: engine.kind,
    run: () => timed(() => engine.generate(prompts, greedy(batch), null)),
  }))
  contestants.push(...(await peerContestant(arena.torch, { do: 'generate', prompts, count: NEW_TOKENS })))
  const { prompt, tokens } = generationWork(arena.native.config, prompts, NEW_TOKENS)
  const least = arena.peak && [prompt, ...tokens].reduce((sum, one) => sum + leastSeconds(one, arena.peak!), 0)
  await compare(arena, `greedy, batch ${batch}`, batch * NEW_TOKENS, contestants, least)
}

/** Lets the contestants run and reports the first, the native engine, against each of the others and the limit. */
async function compare(
  { title, report, rounds }: Omit<Arena, 'work'>,
  name: string,
  tokens: number,
  contestants: readonly Contestant[],
  least: number | null,
): Promise<void> {
  report.note(`${title}: ${name} ...`)
  const seconds = await interleave(contestants, rounds)
  const [ours, ...others] = contestants.map((contestant) => ({
    name: contestant.name,
    speed: tokens / seconds.get(contestant.name)!,
  }))
  const against = (peer: string | null, speed: number | null) =>
    report.figure(figure(BENCH, `${title}: ${name}`, 'tokens/s', ours!.speed, peer, speed))
  for (const { name, speed } of others) against(name, speed)
  if (least !== null) against("the machine's limit", tokens / least)
}

/** The peer with the number of threads that suits the request; none where it is not installed. */
async function peerContestant(
  torch: Peer | null,
  request: { readonly do: string; readonly [argument: string]: unknown },
): Promise<Contestant[]> {
  if (torch === null) return []
  const run = async () => (await torch.ask(secondsSchema, request)).seconds
  const trials = [...new Set([1, torch.threads])].map((threads) => ({
    name: `${torch.name}, ${threads === 1 ? '1 thread' : `${threads} threads`}`,
    run: async () => {
      await torch.ask(doneSchema, { do: 'threads', count: threads })
      return run()
    },
  }))
  const seconds = await interleave(trials, 2, TRIAL_PATIENCE)
  const best = trials.reduce((a, b) => (seconds.get(b.name)! < seconds.get(a.name)! ? b : a))
  return [best]
}

/** Throws where tfjs or the peer gives a target token another log-probability than the native engine. */
async function checkLogprobs({ native, tfjs, torch, work, report }: Arena): Promise<void> {
  const schema = z.object({ logprobs: z.array(z.number()) })
  for (const { name, adapter } of TRAINED) {
    const ours = await completionLogprobs(native, work.sequences, adapter)
    const others = new Map([[tfjs.kind as string, await completionLogprobs(tfjs, work.sequences, adapter)]])
    if (torch !== null) {
      const { logprobs } = await torch.ask(schema, { do: 'logprobs', sequences: work.sequences, trained: name })
      others.set(torch.name, logprobs)
    }
    for (const [peer, theirs] of others) {
      const difference = largestDifference(ours, theirs)
      report.note(`Log-probabilities (${name}) of native and ${peer} differ by at most ${difference.toExponential(1)}.`)
      if (!(difference <= TOLERANCE)) throw new Error(`${peer} computes something else than the native engine.`)
    }
  }
}

async function completionLogprobs(
  engine: Engine,
  sequences: readonly Sequence[],
  adapter: AdapterName,
): Promise<number[]> {
  const { forest, segments } = plant(sequences)
  const scores = await engine.logprobs(forest, adapter)
  return segments.flatMap((segment) => [...targets(scores, segment)])
}

/** Throws where the peer's greedy completions differ from the native engine's by more than a tie decided otherwise. */
async function checkCompletions({ native, torch }: Omit<Arena, 'work'>, prompts: readonly Int32Array[]): Promise<void> {
  if (torch === null) return
  const schema = z.object({ tokens: z.array(z.array(z.number())), logprobs: z.array(z.array(z.number())) })
  const theirs = await torch.ask(schema, { do: 'generate', prompts, count: NEW_TOKENS })
  const ours = await native.generate(prompts, greedy(prompts.length), null)
  ours.forEach(({ tokens, logprobs }, i) => {
    const parting = tokens.findIndex((token, at) => token !== theirs.tokens[i]![at])
    // Both take the likeliest token, so up to and including the first one they disagree about these must be equal.
    const common = parting === -1 ? tokens.length : parting + 1
    const difference = largestDifference([...logprobs.subarray(0, common)], theirs.logprobs[i]!.slice(0, common))
    if (!(difference <= TOLERANCE)) throw new Error(`${torch.name} generates something else than the native engine.`)
  })
}

/** Infinity where there are not as many of both. */
function largestDifference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0)
}

/** How close PyTorch's matrix product comes to the peak of the multiply-add units. */
async function benchMatmul(torch: Peer, report: Reporter): Promise<void> {
  await torch.ask(doneSchema, { do: 'threads', count: torch.threads })
  const { flops } = await torch.ask(z.object({ flops: z.number().positive() }), { do: 'matmul', size: 1024 })
  report.note(`${torch.name} multiplies 1024 x 1024 matrices at ${giga(flops)} GFLOP/s with ${torch.threads} threads.`)
}

function greedy(batch: number): Sampling {
  const seeds = Array.from({ length: batch }, () => 0)
  return { temperature: 0, top_p: 1, max_new_tokens: NEW_TOKENS, stop_token_ids: [], seeds }
}

function giga(value: number): string {
  return (value / 1e9).toFixed(0)
}
