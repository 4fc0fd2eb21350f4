/** The native engine against TensorFlow.js and PyTorch: the same model, weights and batch, taking turns. */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { saveAdapter } from '../main/engine/adapter.ts'
import { loadCheckpoint, openCheckpoint } from '../main/engine/checkpoint.ts'
import type { AdapterName, Engine, LoraConfig, Qwen2Config, Sampling } from '../main/engine/engine.ts'
import { createNativeEngine } from '../main/engine/native/engine.ts'
import { randomAdapter } from '../main/engine/random-model.ts'
import { createTfjsEngine } from '../main/engine/tfjs/engine.ts'
import { checkpointShapes } from '../main/engine/weights.ts'
import { plant, type Sequence, segmentLogp, targets } from '../main/training/forest.ts'
import { figure, type Reporter } from './figure.ts'
import { generationWork, leastSeconds, type Peak, stepWork, WEIGHT_BYTES } from './limit.ts'
import { type Contestant, interleave, timed } from './measure.ts'
import { measurePeak } from './peak.ts'
import { type Peer, startPeer } from './peer.ts'
import { dpoStep, plantUnshared, type Reference, sftStep } from './step.ts'
import {
  type BenchModel,
  benchModels,
  LORA,
  pairSequences,
  sequenceTokens,
  type Workload,
  workload,
} from './workload.ts'

/** How much is measured. */
interface Scale {
  /** Times that everything runs, warm-up aside. */
  readonly rounds: number
  /** Of an SFT step; a quarter of them for a large model. */
  readonly sequences: number
  /** Of a DPO step; a quarter of them for a large model. */
  readonly pairs: number
  /** Prompts that are completed together, apart from one alone. */
  readonly prompts: number
  /** New tokens of a completion. */
  readonly tokens: number
}

const FULL: Scale = { rounds: 5, sequences: 16, pairs: 8, prompts: 8, tokens: 32 }
/** To see that everything runs; its figures say little. */
const QUICK: Scale = { rounds: 1, sequences: 4, pairs: 4, prompts: 2, tokens: 4 }

const ADAPTER = 'bench'
const BENCH = 'engine'

/**
 * How far two contestants' log-probabilities of a token may be apart in nats for their times to be comparable: at most
 * between those in fp32, in the mean where one rounds to bf16.
 */
const TOLERANCE = { most: 1e-3, mean: 0.2 } as const

/** Seconds that finding the peer's best number of threads may take for each number. */
const TRIAL_PATIENCE = 1

/** What is trained, by the name that the cases and the peer have for it. */
const TRAINED = [
  { name: 'all weights', adapter: null, lora: null },
  { name: 'LoRA', adapter: ADAPTER, lora: LORA },
] as const satisfies readonly { name: string; adapter: AdapterName; lora: LoraConfig | null }[]
type Trained = (typeof TRAINED)[number]

const secondsSchema = z.object({ seconds: z.number().positive() })
const doneSchema = z.object({})

/** An engine of ours, by the name that the table has for it. */
interface Ours {
  readonly name: string
  readonly engine: Engine
  /** Whether it computes in fp32 throughout. */
  readonly exact: boolean
}

/** Everything that takes part in the cases of one model. */
interface Arena {
  readonly model: BenchModel
  /** The native engine in bf16, which the others are compared with, comes first. */
  readonly ours: readonly [Ours, ...Ours[]]
  readonly peers: readonly Peer[]
  readonly peak: Peak | null
  readonly work: Workload
  readonly scale: Scale
  readonly report: Reporter
}

/**
 * Reports tokens a second of SFT and DPO steps, of prompts read and of greedy decoding, for each of the bench's models.
 * Tokens are those of the batch as it is written, each sequence with its prompt. Throws where the contestants do not
 * compute the same log-probabilities.
 */
export async function benchEngine(report: Reporter, quick: boolean): Promise<void> {
  const scale = quick ? QUICK : FULL
  const peers = (await Promise.all((['bf16', 'fp32'] as const).map(startPeer))).filter((peer) => peer !== null)
  if (peers.length === 0) report.note('PyTorch is not installed for the bench: run bench/peers.sh to compare with it.')
  try {
    for (const model of benchModels()) await benchModel(model, peers, report, scale)
    for (const peer of peers) await benchMatmul(peer, report)
  } finally {
    await Promise.all(peers.map((peer) => peer.close()))
  }
}

async function benchModel(model: BenchModel, peers: readonly Peer[], report: Reporter, scale: Scale): Promise<void> {
  const { config, large, title } = model
  const folder = await mkdtemp(join(tmpdir(), 'dpo-driver-bench-'))
  const engines: Engine[] = []
  const within = (name: string) => join(folder, name)
  try {
    await model.write(within('model'))
    const open = async (name: string, engine: Promise<Engine>, exact: boolean): Promise<Ours> => {
      engines.push(await engine)
      return { name, engine: await engine, exact }
    }
    const adapter = randomAdapter(config, LORA, 2)
    await saveAdapter(within('adapter'), LORA, adapter, null)
    const checkpoint = await openCheckpoint(within('model'))
    const native = (products: 'bf16' | 'fp32') => createNativeEngine(config, checkpoint, { products })
    const ours: [Ours, ...Ours[]] = [await open('native bf16', native('bf16'), false)]
    if (!large) {
      ours.push(await open('native fp32', native('fp32'), true))
      const { tensors } = await loadCheckpoint(within('model'))
      ours.push(await open('tfjs', createTfjsEngine(config, tensors, { backend: 'wasm' }), true))
    }
    await checkpoint.close()
    for (const { engine } of ours) await engine.addAdapter(ADAPTER, LORA, adapter)
    const request = { do: 'load', model: within('model'), adapter: within('adapter'), whole: !large }
    for (const peer of peers) await peer.ask(doneSchema, request)

    const bytes = WEIGHT_BYTES * parameters(config)
    const peak = await measurePeak(availableParallelism(), bytes)
    if (peak === null) report.note('No C++ compiler to measure the machine with, so no figures of its limit.')
    else report.note(`${title}: at most ${giga(peak.flops)} GFLOP/s, and ${giga(peak.bytes)} GB/s of weights read.`)

    const share = large ? 4 : 1
    const work = workload(
      config.vocab_size,
      Math.max(scale.sequences / share, 1),
      Math.max(scale.pairs / share, 1),
      scale.prompts,
    )
    const arena: Arena = { model, ours, peers, peak, work, scale, report }
    report.note(`${title}: ${ours.map(({ name, engine }) => `${name} is ${engine.description}`).join('; ')}.`)
    await checkLogprobs(arena)
    if (!large) await checkCompletions(arena)
    await benchPrefill(arena)
    for (const batch of [1, scale.prompts]) await benchDecode(arena, batch)
    for (const trained of TRAINED) {
      if (large && trained.lora === null) continue
      await benchSft(arena, trained)
      await benchDpo(arena, trained)
    }
  } finally {
    await Promise.all(engines.map((engine) => engine.close()))
    await rm(folder, { recursive: true, force: true })
  }
}

async function benchSft(arena: Arena, { name, adapter, lora }: Trained): Promise<void> {
  const { sequences } = arena.work
  const planted = plant(sequences)
  const contestants: Contestant[] = []
  for (const { name: engineName, engine } of arena.ours) {
    await engine.train(adapter)
    contestants.push({ name: engineName, run: () => timed(() => sftStep(engine, planted)) })
  }
  contestants.push(...(await peerContestants(arena, () => ({ do: 'sft', sequences, trained: name }))))
  const least = arena.peak && leastSeconds(stepWork(arena.model.config, planted.forest, lora), arena.peak)
  await compare(arena, `SFT step, ${name}`, sequenceTokens(sequences), contestants, least)
}

async function benchDpo(arena: Arena, { name, adapter, lora }: Trained): Promise<void> {
  const [{ engine: first }] = arena.ours
  const { pairs } = arena.work
  const sequences = pairSequences(pairs)
  const [shared, unshared] = [plant(sequences), plantUnshared(sequences)]
  const scores = await first.logprobs(shared.forest, adapter)
  const logps = shared.segments.map((segment) => segmentLogp(scores, segment))
  const reference: Reference[] = pairs.map((_, i) => ({ chosen: logps[2 * i]!, rejected: logps[2 * i + 1]! }))
  const contestants: Contestant[] = []
  for (const { name: engineName, engine } of arena.ours) {
    await engine.train(adapter)
    contestants.push({ name: engineName, run: () => timed(() => dpoStep(engine, shared, reference)) })
  }
  contestants.push({
    name: `${arena.ours[0].name}, prompts not shared`,
    run: () => timed(() => dpoStep(first, unshared, reference)),
  })
  contestants.push(...(await peerContestants(arena, () => ({ do: 'dpo', sequences, reference: logps, trained: name }))))
  const least = arena.peak && leastSeconds(stepWork(arena.model.config, shared.forest, lora), arena.peak)
  await compare(arena, `DPO step, ${name}`, sequenceTokens(sequences), contestants, least)
}

/** Prompts no engine has seen before: what it remembers of earlier ones is of no use. */
function unseen(arena: Arena, batch: number): Int32Array[] {
  return arena.work.prompts.slice(0, batch).map((prompt) => {
    const other = prompt.slice()
    other[0] = unseenCount++ % arena.model.config.vocab_size
    return other
  })
}
let unseenCount = 0

/** Tokens of prompts read a second, up to the first new token of each. */
async function benchPrefill(arena: Arena): Promise<void> {
  const batch = arena.work.prompts.length
  const contestants: Contestant[] = arena.ours.map(({ name, engine }) => ({
    name,
    run: () => timed(() => engine.generate(unseen(arena, batch), greedy(batch, 1), null)),
  }))
  contestants.push(
    ...(await peerContestants(arena, () => ({ do: 'generate', prompts: unseen(arena, batch), count: 1 }))),
  )
  const { prompt } = generationWork(arena.model.config, arena.work.prompts, 1, WEIGHT_BYTES)
  const tokens = arena.work.prompts.reduce((sum, { length }) => sum + length, 0)
  await compare(arena, `prefill, ${batch} prompts`, tokens, contestants, arena.peak && leastSeconds(prompt, arena.peak))
}

/** Tokens made a second behind the first of each completion. */
async function benchDecode(arena: Arena, batch: number): Promise<void> {
  const { tokens: count } = arena.scale
  const prompts = arena.work.prompts.slice(0, batch)
  /** Seconds of so many tokens, less those of one. */
  const behindFirst = async (seconds: (count: number) => Promise<number>) => {
    const all = await seconds(count + 1)
    return Math.max(all - (await seconds(1)), 1e-9)
  }
  const contestants: Contestant[] = arena.ours.map(({ name, engine }) => ({
    name,
    run: () => behindFirst((tokens) => timed(() => engine.generate(unseen(arena, batch), greedy(batch, tokens), null))),
  }))
  for (const peer of arena.peers) {
    const ask = async (tokens: number) =>
      (await peer.ask(secondsSchema, { do: 'generate', prompts: unseen(arena, batch), count: tokens })).seconds
    contestants.push(await bestThreads(peer, () => behindFirst(ask)))
  }
  const { tokens } = generationWork(arena.model.config, prompts, count + 1, WEIGHT_BYTES)
  const least = arena.peak && tokens.reduce((sum, one) => sum + leastSeconds(one, arena.peak!), 0)
  await compare(arena, `decode, batch ${batch}`, batch * count, contestants, least)
}

/** Lets the contestants run and reports the first, the native engine in bf16, against each of the others and the limit. */
async function compare(
  { model: { title }, report, scale }: Arena,
  name: string,
  tokens: number,
  contestants: readonly Contestant[],
  least: number | null,
): Promise<void> {
  report.note(`${title}: ${name} ...`)
  const seconds = await interleave(contestants, scale.rounds)
  const [ours, ...others] = contestants.map((contestant) => ({
    name: contestant.name,
    speed: tokens / seconds.get(contestant.name)!,
  }))
  const against = (peer: string | null, speed: number | null) =>
    report.figure(figure(BENCH, `${title}: ${name}`, 'tokens/s', ours!.speed, peer, speed))
  for (const { name, speed } of others) against(name, speed)
  if (least !== null) against("the machine's limit", tokens / least)
}

/** Each peer with the number of threads that suits the request. */
async function peerContestants(
  { peers }: Arena,
  request: () => { readonly do: string; readonly [argument: string]: unknown },
): Promise<Contestant[]> {
  const contestants: Contestant[] = []
  for (const peer of peers) {
    contestants.push(await bestThreads(peer, async () => (await peer.ask(secondsSchema, request())).seconds))
  }
  return contestants
}

/** A peer with the number of threads that suits the work. */
async function bestThreads(peer: Peer, seconds: () => Promise<number>): Promise<Contestant> {
  const trials = [...new Set([1, peer.threads])].map((threads) => ({
    name: `${peer.name}, ${threads === 1 ? '1 thread' : `${threads} threads`}`,
    run: async () => {
      await peer.ask(doneSchema, { do: 'threads', count: threads })
      return seconds()
    },
  }))
  const taken = await interleave(trials, 2, TRIAL_PATIENCE)
  return trials.reduce((a, b) => (taken.get(b.name)! < taken.get(a.name)! ? b : a))
}

/** Throws where another contestant gives a target token another log-probability than the first. */
async function checkLogprobs({ model, ours, peers, work, report }: Arena): Promise<void> {
  const schema = z.object({ logprobs: z.array(z.number()) })
  const [first, ...rest] = ours
  for (const { name, adapter } of TRAINED) {
    const all: { name: string; exact: boolean; logprobs: number[] }[] = []
    for (const each of [...rest, first]) {
      const logprobs = await completionLogprobs(each.engine, work.sequences, adapter)
      all.push({ name: each.name, exact: each.exact, logprobs })
    }
    for (const peer of peers) {
      const request = { do: 'logprobs', sequences: work.sequences, trained: name }
      const { logprobs } = await peer.ask(schema, request)
      all.push({ name: peer.name, exact: peer.precision === 'fp32', logprobs })
    }
    // The first in fp32, where there is one, is what the others are held to.
    const judge = all.find(({ exact }) => exact) ?? all[0]!
    for (const other of all) {
      if (other === judge) continue
      const { most, mean } = differences(judge.logprobs, other.logprobs)
      report.note(
        `${model.title}, log-probabilities (${name}): ${other.name} and ${judge.name} differ by ${mean.toExponential(1)} in the mean, ${most.toExponential(1)} at most.`,
      )
      const fine = judge.exact && other.exact ? most <= TOLERANCE.most : mean <= TOLERANCE.mean
      if (!fine) throw new Error(`${other.name} computes something else than ${judge.name}.`)
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

/** Throws where the fp32 peer's greedy completions differ from those of ours in fp32 by more than a tie decided otherwise. */
async function checkCompletions({ ours, peers, work: { prompts }, scale }: Arena): Promise<void> {
  const exact = ours.find((each) => each.exact)
  const peer = peers.find(({ precision }) => precision === 'fp32')
  if (exact === undefined || peer === undefined) return
  const schema = z.object({ tokens: z.array(z.array(z.number())), logprobs: z.array(z.array(z.number())) })
  const theirs = await peer.ask(schema, { do: 'generate', prompts, count: scale.tokens })
  const completions = await exact.engine.generate(prompts, greedy(prompts.length, scale.tokens), null)
  completions.forEach(({ tokens, logprobs }, i) => {
    const parting = tokens.findIndex((token, at) => token !== theirs.tokens[i]![at])
    // Both take the likeliest token, so up to and including the first one they disagree about these must be equal.
    const common = parting === -1 ? tokens.length : parting + 1
    const { most } = differences([...logprobs.subarray(0, common)], theirs.logprobs[i]!.slice(0, common))
    if (!(most <= TOLERANCE.most)) throw new Error(`${peer.name} generates something else than ${exact.name}.`)
  })
}

/** Infinity where there are not as many of both. */
function differences(a: readonly number[], b: readonly number[]): { most: number; mean: number } {
  if (a.length !== b.length) return { most: Number.POSITIVE_INFINITY, mean: Number.POSITIVE_INFINITY }
  const each = a.map((value, i) => Math.abs(value - b[i]!))
  const sum = each.reduce((total, value) => total + value, 0)
  return { most: each.reduce((most, value) => Math.max(most, value), 0), mean: sum / each.length }
}

/** How close PyTorch's matrix product comes to the peak of the multiply-add units. */
async function benchMatmul(torch: Peer, report: Reporter): Promise<void> {
  await torch.ask(doneSchema, { do: 'threads', count: torch.threads })
  const { flops } = await torch.ask(z.object({ flops: z.number().positive() }), { do: 'matmul', size: 1024 })
  report.note(`${torch.name} multiplies 1024 x 1024 matrices at ${giga(flops)} GFLOP/s with ${torch.threads} threads.`)
}

function greedy(batch: number, tokens: number): Sampling {
  const seeds = Array.from({ length: batch }, () => 0)
  return { temperature: 0, top_p: 1, max_new_tokens: tokens, stop_token_ids: [], seeds }
}

function parameters(config: Qwen2Config): number {
  return [...checkpointShapes(config).values()].reduce((sum, shape) => sum + shape.reduce((size, n) => size * n, 1), 0)
}

function giga(value: number): string {
  return (value / 1e9).toFixed(0)
}
