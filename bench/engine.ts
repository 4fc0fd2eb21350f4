/** Compares the native engine with TensorFlow.js, PyTorch and llama.cpp: the same model, weights and batch, by turns. */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { saveAdapter } from '../main/engine/adapter/adapter.ts'
import { loadCheckpoint, openCheckpoint } from '../main/engine/checkpoint/checkpoint.ts'
import type { AdapterName, Engine, LoraConfig, ModelConfig, Sampling } from '../main/engine/engine.ts'
import { createNativeEngine } from '../main/engine/native/engine.ts'
import { createTfjsEngine } from '../main/engine/tfjs/engine.ts'
import { checkpointShapes } from '../main/engine/weights.ts'
import { english } from '../main/messages/say.ts'
import { plant, type Sequence, segmentLogp, targets } from '../main/training/forest.ts'
import { randomAdapter } from '../testing/random-model.ts'
import { figure, type Reporter } from './figure.ts'
import { writeBenchGguf } from './gguf.ts'
import { generationWork, leastSeconds, type Peak, stepWork, WEIGHT_BYTES } from './limit.ts'
import { type Contestant, interleave, timed } from './measure.ts'
import { measurePeak } from './peak.ts'
import { type Peer, startLlama, startNodeLlama, startTorch } from './peer.ts'
import { type Selection, selects } from './selection.ts'
import { dpoStep, plantUnshared, type Reference, sftStep } from './step.ts'
import {
  type BenchModel,
  benchModels,
  LORA,
  pairSequences,
  STEP,
  sequenceTokens,
  type Workload,
  workload,
} from './workload.ts'

/** How much is measured. */
interface Scale {
  /** How often everything runs, without the warm-up. */
  readonly rounds: number
  /** A contestant that has used this many seconds has run often enough. */
  readonly patience: number
  /** Of an SFT step; a quarter of them for a large model. */
  readonly sequences: number
  /** Of a DPO step; a quarter of them for a large model. */
  readonly pairs: number
  /** Prompts that are completed together; one alone is measured too. */
  readonly prompts: number
  /** New tokens of a completion. A small model gets four times as many, because its prompts take longer than these. */
  readonly tokens: number
}

const FULL: Scale = { rounds: 5, patience: 3, sequences: STEP.sequences, pairs: STEP.pairs, prompts: 8, tokens: 32 }
/** For a check that everything runs; its figures mean little. */
const QUICK: Scale = { rounds: 1, patience: 1, sequences: 4, pairs: 4, prompts: 2, tokens: 4 }

const ADAPTER = 'bench'
const BENCH = 'engine'

/**
 * Bounds in nats within which two contestants' times are comparable. Log-probabilities of a token may differ by this much:
 * at most if both are in fp32, on average if one rounds to bf16. `parting`: the first token of a peer's greedy completion
 * that differs from ours may be this much less likely, because rounding to bf16 decides near ties differently.
 */
const TOLERANCE = { most: 1e-3, mean: 0.2, parting: 0.5 } as const

/** Runs, and seconds, for each trial of a peer's setting; with a large model, this many tokens. */
const TRIAL_ROUNDS = 2
const TRIAL_PATIENCE = 0.5
const TRIAL_TOKENS = 4
const TRIAL_PROMPT = 32

/** What is trained, by its name in the cases and in the peer. */
const TRAINED = [
  { name: 'all weights', adapter: null, lora: null },
  { name: 'LoRA', adapter: ADAPTER, lora: LORA },
] as const satisfies readonly { name: string; adapter: AdapterName; lora: LoraConfig | null }[]
type Trained = (typeof TRAINED)[number]

const secondsSchema = z.object({ seconds: z.number().positive() })
const generatedSchema = z.object({
  tokens: z.array(z.array(z.int())),
  seconds: z.number().positive(),
  /** Seconds until every completion has its first token. */
  first: z.number().positive(),
})

/** An engine of ours, with its name in the table. */
interface Ours {
  readonly name: string
  readonly engine: Engine
  /** Whether it computes in fp32 throughout. */
  readonly exact: boolean
}

/** All contestants in the cases of one model. */
interface Arena {
  readonly model: BenchModel
  /** First comes the native engine in bf16, with which the others are compared. */
  readonly ours: readonly [Ours, ...Ours[]]
  readonly peers: readonly Peer[]
  readonly peak: Peak | null
  readonly work: Workload
  readonly scale: Scale
  readonly report: Reporter
  readonly selection: Selection
}

/**
 * Reports tokens a second of SFT and DPO steps, of reading prompts and of greedy decoding, for each selected model. Tokens
 * are counted as the batch is written, each sequence with its own prompt. Throws if the contestants do not compute the same
 * log-probabilities.
 */
export async function benchEngine(report: Reporter, quick: boolean, selection: Selection): Promise<void> {
  const scale = quick ? QUICK : FULL
  const torch = [startTorch('bf16'), startTorch('fp32')]
  const llama = [startLlama(), startNodeLlama()]
  const started = async (starting: readonly Promise<Peer | null>[]) =>
    (await Promise.all(starting)).filter((peer) => peer !== null)
  const [trainers, generators] = [await started(torch), await started(llama)]
  if (trainers.length === 0)
    report.note('PyTorch is not installed for the bench: run bench/peers.sh to compare with it.')
  if (generators.length === 0) {
    report.note('node-llama-cpp is not installed for the bench: run bench/peers.sh to compare with llama.cpp.')
  }
  const peers = [...trainers, ...generators]
  try {
    for (const model of benchModels()) {
      if (selects(selection.model, model.key)) await benchModel(model, peers, report, scale, selection)
    }
    for (const peer of trainers) await benchMatmul(peer, report)
  } finally {
    await Promise.all(peers.map((peer) => peer.close()))
  }
}

async function benchModel(
  model: BenchModel,
  peers: readonly Peer[],
  report: Reporter,
  scale: Scale,
  selection: Selection,
): Promise<void> {
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
    if (!large) ours.push(await open('native fp32', native('fp32'), true))
    if (model.tfjs) {
      const { tensors } = await loadCheckpoint(within('model'))
      ours.push(await open('tfjs', createTfjsEngine(config, tensors, { backend: 'wasm' }), true))
    }
    if (peers.some(({ trains }) => !trains)) await writeBenchGguf(within('model.gguf'), checkpoint)
    await checkpoint.close()
    for (const { engine } of ours) await engine.addAdapter(ADAPTER, LORA, adapter)
    const trained = TRAINED.filter(({ lora }) => !large || lora !== null).map(({ name }) => name)
    const files = { folder: within('model'), adapter: within('adapter'), trained, gguf: within('model.gguf') }
    for (const peer of peers) await peer.load(files)

    const bytes = WEIGHT_BYTES * parameters(config)
    const peak = await measurePeak(availableParallelism(), bytes)
    if (peak === null) report.note('No C++ compiler to measure the machine with, so no figures of its limit.')
    else report.note(`${title}: at most ${giga(peak.flops)} GFLOP/s, and ${giga(peak.bytes)} GB/s of weights read.`)

    const share = large ? STEP.large : 1
    const work = workload(
      config.vocab_size,
      Math.max(scale.sequences / share, 1),
      Math.max(scale.pairs / share, 1),
      scale.prompts,
    )
    const arena: Arena = { model, ours, peers, peak, work, scale, report, selection }
    report.note(`${title}: ${ours.map(({ name, engine }) => `${name} is ${english(engine.description)}`).join('; ')}.`)
    await checkLogprobs(arena)
    await checkCompletions(arena)
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
  const title = `SFT step, ${name}`
  if (!selects(arena.selection.case, title)) return
  const { sequences } = arena.work
  const planted = plant(sequences)
  const contestants: Contestant[] = []
  for (const { name: engineName, engine } of arena.ours) {
    await engine.train(adapter)
    contestants.push({ name: engineName, run: () => timed(() => sftStep(engine, planted)) })
  }
  const step = (some: readonly Sequence[]) => ({ do: 'sft', sequences: some, trained: name })
  contestants.push(...(await stepping(arena, step(sequences), step(sequences.slice(0, 1)))))
  const least = arena.peak && leastSeconds(stepWork(arena.model.config, planted.forest, lora), arena.peak)
  await compare(arena, title, sequenceTokens(sequences), contestants, least)
}

async function benchDpo(arena: Arena, { name, adapter, lora }: Trained): Promise<void> {
  const title = `DPO step, ${name}`
  if (!selects(arena.selection.case, title)) return
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
  const step = (count: number) => ({
    do: 'dpo',
    sequences: sequences.slice(0, count),
    reference: logps.slice(0, count),
    trained: name,
  })
  contestants.push(...(await stepping(arena, step(sequences.length), step(2))))
  const least = arena.peak && leastSeconds(stepWork(arena.model.config, shared.forest, lora), arena.peak)
  await compare(arena, title, sequenceTokens(sequences), contestants, least)
}

/** Prompts that no engine has seen before, so that its cache of earlier ones does not help. */
function unseen(arena: Arena, batch: number): Int32Array[] {
  return arena.work.prompts.slice(0, batch).map((prompt) => {
    const other = prompt.slice()
    other[0] = unseenCount++ % arena.model.config.vocab_size
    return other
  })
}
let unseenCount = 0

/** Prompt tokens that are read a second, up to the first new token of each prompt. */
async function benchPrefill(arena: Arena): Promise<void> {
  const batch = arena.work.prompts.length
  const title = `prefill, ${batch} prompts`
  if (!selects(arena.selection.case, title)) return
  const contestants: Contestant[] = arena.ours.map(({ name, engine }) => ({
    name,
    run: () => timed(() => engine.generate(unseen(arena, batch), greedy(batch, 1), null)),
  }))
  for (const peer of arena.peers) {
    const read = async (prompts: number) => (await generated(peer, unseen(arena, prompts), 1)).seconds
    contestants.push(
      await atItsBest(
        arena,
        peer,
        () => read(batch),
        () => read(1),
      ),
    )
  }
  const { prompt } = generationWork(arena.model.config, arena.work.prompts, 1, WEIGHT_BYTES)
  const tokens = arena.work.prompts.reduce((sum, { length }) => sum + length, 0)
  await compare(arena, title, tokens, contestants, arena.peak && leastSeconds(prompt, arena.peak))
}

/** Tokens generated a second after the first of each completion. */
async function benchDecode(arena: Arena, batch: number): Promise<void> {
  const title = `decode, batch ${batch}`
  if (!selects(arena.selection.case, title)) return
  const count = arena.scale.tokens * (arena.model.large ? 1 : 4)
  const prompts = arena.work.prompts.slice(0, batch)
  const contestants: Contestant[] = arena.ours.map(({ name, engine }) => {
    const seconds = (tokens: number) => timed(() => engine.generate(unseen(arena, batch), greedy(batch, tokens), null))
    return { name, run: async () => Math.max((await seconds(count + 1)) - (await seconds(1)), 1e-9) }
  })
  for (const peer of arena.peers) {
    const behindFirst = async (tokens: number, most = Number.POSITIVE_INFINITY) => {
      const read = unseen(arena, batch).map((prompt) => prompt.subarray(0, most))
      const { seconds, first } = await generated(peer, read, tokens + 1)
      return seconds - first
    }
    const part = () => behindFirst(TRIAL_TOKENS, TRIAL_PROMPT)
    contestants.push(await atItsBest(arena, peer, () => behindFirst(count), part))
  }
  const { tokens } = generationWork(arena.model.config, prompts, count + 1, WEIGHT_BYTES)
  const least = arena.peak && tokens.reduce((sum, one) => sum + leastSeconds(one, arena.peak!), 0)
  await compare(arena, title, batch * count, contestants, least)
}

function generated(peer: Peer, prompts: readonly Int32Array[], count: number) {
  return peer.ask(generatedSchema, { do: 'generate', prompts, count })
}

/** Runs the contestants, and reports the first (the native engine in bf16) against each of the others and the limit. */
async function compare(
  { model: { title }, report, scale }: Arena,
  name: string,
  tokens: number,
  contestants: readonly Contestant[],
  least: number | null,
): Promise<void> {
  report.note(`${title}: ${name} ...`)
  const seconds = await interleave(contestants, scale.rounds, scale.patience)
  const [ours, ...others] = contestants.map((contestant) => ({
    name: contestant.name,
    speed: tokens / seconds.get(contestant.name)!,
  }))
  const against = (peer: string | null, speed: number | null) =>
    report.figure(figure(BENCH, `${title}: ${name}`, 'tokens/s', ours!.speed, peer, speed))
  for (const { name, speed } of others) against(name, speed)
  if (least !== null) against("the machine's limit", tokens / least)
}

type Request = { readonly do: string; readonly [argument: string]: unknown }

/** Each peer that can train, with the best setting for the request; `part` is a smaller request like it. */
async function stepping(arena: Arena, request: Request, part: Request): Promise<Contestant[]> {
  const contestants: Contestant[] = []
  for (const peer of arena.peers.filter(({ trains }) => trains)) {
    const seconds = async (asked: Request) => (await peer.ask(secondsSchema, asked)).seconds
    contestants.push(
      await atItsBest(
        arena,
        peer,
        () => seconds(request),
        () => seconds(part),
      ),
    )
  }
  return contestants
}

/** A peer with the best setting for the work. With a large model, a part of the work decides. */
async function atItsBest(
  { model }: Arena,
  peer: Peer,
  work: () => Promise<number>,
  part: () => Promise<number>,
): Promise<Contestant> {
  const trials = peer.settings.map((setting) => {
    const withSetting = async (seconds: () => Promise<number>) => {
      await peer.set(setting)
      return seconds()
    }
    return {
      name: `${peer.name}, ${setting.name}`,
      run: () => withSetting(work),
      trial: () => withSetting(model.large ? part : work),
    }
  })
  const contenders = trials.map(({ name, trial }) => ({ name, run: trial }))
  const taken = await interleave(contenders, TRIAL_ROUNDS, TRIAL_PATIENCE)
  return trials.reduce((a, b) => (taken.get(b.name)! < taken.get(a.name)! ? b : a))
}

/** Throws if a contestant's log-probability of a target token differs from the first contestant's. */
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
      if (adapter !== null && !peer.trains) continue
      const request = { do: 'logprobs', sequences: work.sequences, trained: name }
      const { logprobs } = await peer.ask(schema, request)
      all.push({ name: peer.name, exact: peer.precision === 'fp32', logprobs })
    }
    // The others are compared with the first in fp32, if there is one.
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

/**
 * Throws if a peer's greedy completions differ from ours by more than a near tie: where they part, the peer's token must be
 * nearly as likely as ours. Our engine in fp32 judges, if there is one.
 */
async function checkCompletions({ model, ours, peers, work: { prompts }, scale, report }: Arena): Promise<void> {
  const judge = ours.find((each) => each.exact) ?? ours[0]
  const completions = await judge.engine.generate(prompts, greedy(prompts.length, scale.tokens), null)
  for (const peer of peers) {
    // With a large model that takes long, and PyTorch's log-probabilities were already compared.
    if (model.large && peer.trains) continue
    const theirs = await generated(peer, prompts, scale.tokens)
    const partings = completions.flatMap(({ tokens, logprobs }, i) => {
      const at = tokens.findIndex((token, place) => token !== theirs.tokens[i]![place])
      if (at === -1) return []
      const prompt = Int32Array.from([...prompts[i]!, ...tokens.subarray(0, at)])
      return [{ logprob: logprobs[at]!, sequence: { prompt, completion: Int32Array.of(theirs.tokens[i]![at]!) } }]
    })
    const sequences = partings.map(({ sequence }) => sequence)
    const likelihoods = sequences.length === 0 ? [] : await completionLogprobs(judge.engine, sequences, null)
    const losses = partings.map(({ logprob }, i) => logprob - likelihoods[i]!)
    const most = Math.max(0, ...losses)
    report.note(
      `${model.title}, completions: ${peer.name} parts from ${judge.name} in ${losses.length} of ${prompts.length}, with tokens at most ${most.toExponential(1)} nats less likely.`,
    )
    if (!(most <= (peer.precision === 'fp32' ? TOLERANCE.most : TOLERANCE.parting))) {
      throw new Error(`${peer.name} generates something else than ${judge.name}.`)
    }
  }
}

/** Infinity if the lengths differ. */
function differences(a: readonly number[], b: readonly number[]): { most: number; mean: number } {
  if (a.length !== b.length) return { most: Number.POSITIVE_INFINITY, mean: Number.POSITIVE_INFINITY }
  const each = a.map((value, i) => Math.abs(value - b[i]!))
  const sum = each.reduce((total, value) => total + value, 0)
  return { most: each.reduce((most, value) => Math.max(most, value), 0), mean: sum / each.length }
}

/** How close PyTorch's matrix product comes to the peak of the multiply-add units. */
async function benchMatmul(torch: Peer, report: Reporter): Promise<void> {
  await torch.set({ name: 'all threads', threads: torch.threads })
  const { flops } = await torch.ask(z.object({ flops: z.number().positive() }), { do: 'matmul', size: 1024 })
  report.note(`${torch.name} multiplies 1024 x 1024 matrices at ${giga(flops)} GFLOP/s with ${torch.threads} threads.`)
}

function greedy(batch: number, tokens: number): Sampling {
  const seeds = Array.from({ length: batch }, () => 0)
  return { temperature: 0, top_p: 1, max_new_tokens: tokens, stop_token_ids: [], seeds }
}

function parameters(config: ModelConfig): number {
  return [...checkpointShapes(config).values()].reduce((sum, shape) => sum + shape.reduce((size, n) => size * n, 1), 0)
}

function giga(value: number): string {
  return (value / 1e9).toFixed(0)
}
