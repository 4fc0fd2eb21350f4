/** `bench/gpu.sh`: the engine on WebGPU in its Node host against PyTorch on the same card, by turns. */
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { z } from 'zod'
import { saveAdapter } from '../main/engine/adapter/adapter.ts'
import { saveCheckpoint } from '../main/engine/checkpoint/checkpoint.ts'
import { streamTensors, type TensorStream } from '../main/engine/checkpoint/tensor-stream.ts'
import type { Engine, Forest, Holding, ModelConfig, Scores } from '../main/engine/engine.ts'
import { SOFTWARE } from '../main/engine/host/adapter.ts'
import { findAdapter, type GpuOptions, startGpuHost } from '../main/engine/host/gpu-host.ts'
import { openRemoteEngine } from '../main/engine/host/remote-engine.ts'
import { uniformStream } from '../main/engine/random.ts'
import { randomStream } from '../main/engine/random-stream.ts'
import { publishedShape } from '../main/engine/shapes.ts'
import { planStep } from '../main/engine/webgpu/plan.ts'
import { UserError } from '../main/messages/error.ts'
import { randomAdapter, randomModel, TINY } from '../testing/random-model.ts'
import { type Figure, figure, table } from './figure.ts'
import { forwardWork, generationWork, leastSeconds, type Peak, stepWork, type Work } from './limit.ts'
import { interleave, timed } from './measure.ts'
import { Peer, peerPython } from './peer.ts'
import { LORA } from './workload.ts'

/** Milliseconds after which nothing new begins. */
const LIMIT = 7 * 60_000
const ADAMW = {
  learning_rate: 1e-7,
  adam_beta1: 0.9,
  adam_beta2: 0.999,
  adam_epsilon: 1e-8,
  weight_decay: 0,
  max_grad_norm: 1,
}

interface Size {
  readonly prompt: number
  readonly answer: number
  readonly sequences: number
  readonly pairs: number
  readonly prefill: number
  readonly decode: number
  readonly rounds: number
}

interface Case {
  readonly title: string
  readonly config: ModelConfig
  readonly holding: Holding
}

const held = (precision: Holding['precision'], gradientCheckpointing: boolean): Holding => ({
  precision,
  headPrecision: precision === 'nf4' ? 'int8' : 'bf16',
  gradientCheckpointing,
  packedBytes: 4,
  threads: 1,
})

const SMALL = publishedShape('Qwen2-0.5B')!
/** Seven billion parameters would take minutes to make; a layer costs what a layer costs. */
const LARGE: ModelConfig = { ...publishedShape('Qwen2-7B')!, num_hidden_layers: 4 }

const CARD: { readonly size: Size; readonly cases: readonly Case[] } = {
  size: { prompt: 512, answer: 64, sequences: 4, pairs: 2, prefill: 1024, decode: 64, rounds: 7 },
  cases: [
    { title: 'Qwen2-0.5B, bf16', config: SMALL, holding: held('bf16', false) },
    { title: 'Qwen2-7B, 4 layers, bf16', config: LARGE, holding: held('bf16', true) },
    { title: 'Qwen2-7B, 4 layers, NF4', config: LARGE, holding: held('nf4', true) },
  ],
}
const DRY: typeof CARD = {
  size: { prompt: 12, answer: 4, sequences: 2, pairs: 1, prefill: 24, decode: 3, rounds: 1 },
  cases: [{ title: 'tiny, NF4', config: TINY, holding: held('nf4', true) }],
}

const secondsSchema = z.object({ seconds: z.number() })
const cardSchema = z.object({ name: z.string(), flops: z.number(), bytes: z.number() })
const run = promisify(execFile)

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } })
  const dry = values['dry-run']
  const gpu: GpuOptions = { host: 'node', name: dry ? SOFTWARE : null, power: 'high-performance' }
  const { size, cases } = dry ? DRY : CARD
  const adapter = await findAdapter(gpu)
  console.log(`WebGPU: ${adapter.name}; features: ${adapter.features.join(', ')}`)
  await compareScores(gpu)
  const torch = await startPeer('bf16')
  const peak = torch === null ? null : await torch.ask(cardSchema, { do: 'card' })
  if (torch === null) console.log('PYTHON names no Python with torch, so there is nothing to compare with.')
  else {
    const { name, flops, bytes } = peak!
    console.log(
      `${torch.name} on ${name}: ${(flops / 1e12).toFixed(1)} Tflop/s, ${(bytes / 1e9).toFixed(0)} GB/s measured`,
    )
  }
  for (const one of cases) {
    if (!timeIsUp(one.title)) await measure(one, size, gpu, torch, peak)
  }
  await torch?.close()
  console.log(`${(performance.now() / 1000).toFixed(0)} s in all`)
}

/** Whether nothing new may begin; says so. */
function timeIsUp(what: string): boolean {
  const isUp = performance.now() > LIMIT
  if (isUp) console.log(`${what}: left out, because the time is up.`)
  return isUp
}

/** Log-probabilities of a small model with an adapter, of this engine and of PyTorch, both in fp32. */
async function compareScores(gpu: GpuOptions): Promise<void> {
  const torch = await startPeer('fp32')
  const base = randomModel(TINY, 1, 0.3)
  const tensors = randomAdapter(TINY, LORA, 2, 0.3)
  const engine = await open(gpu, TINY, held('fp32', false), streamTensors(base))
  const folder = await mkdtemp(join(tmpdir(), 'dpo-driver-gpu-'))
  try {
    await engine.addAdapter('a', LORA, tensors)
    const sequences = batch(TINY, 3, 40, 24, uniformStream(3))
    const { logprobs } = await engine.logprobs(sequences.flatMap(asTree), 'a')
    if (torch === null) return
    await saveCheckpoint(join(folder, 'model'), TINY, base)
    await saveAdapter(join(folder, 'adapter'), LORA, tensors, null)
    const files = { model: join(folder, 'model'), adapter: join(folder, 'adapter') }
    await torch.ask(z.object({}), { do: 'load', ...files, trained: ['LoRA'], checkpointing: false })
    const answer = await torch.ask(z.object({ logprobs: z.array(z.number()) }), {
      do: 'logprobs',
      sequences,
      trained: 'LoRA',
    })
    const worst = Math.max(...answer.logprobs.map((one, index) => Math.abs(one - logprobs[index]!)))
    console.log(`Parity: ${logprobs.length} log-probabilities, ${worst.toExponential(1)} nats apart at most`)
    if (!(worst < 1e-3)) throw new Error('The engine and PyTorch do not agree, so their times do not count.')
  } finally {
    await Promise.all([engine.close(), torch?.close(), rm(folder, { recursive: true, force: true })])
  }
}

async function measure(one: Case, size: Size, gpu: GpuOptions, torch: Peer | null, peak: Peak | null): Promise<void> {
  const { title, config, holding } = one
  const before = await usedMemory()
  const engine = await open(gpu, config, holding, randomStream(config, 5))
  const uniform = uniformStream(7)
  const figures: Figure[] = []
  try {
    await engine.addAdapter('a', LORA, randomAdapter(config, LORA, 2))
    await engine.train('a')
    const peer = torch !== null && (await shape(torch, config, holding)) ? torch : null
    const compare = async (
      name: string,
      ours: () => Promise<unknown>,
      theirs: { readonly do: string; readonly [argument: string]: unknown },
      work: Work,
    ) => {
      if (timeIsUp(`${title}: ${name}`)) return
      const asked = async () => (await peer!.ask(secondsSchema, theirs)).seconds
      const medians = await interleave(
        [{ name: 'ours', run: () => timed(ours) }, ...(peer === null ? [] : [{ name: 'theirs', run: asked }])],
        size.rounds,
        20,
      )
      const seconds = medians.get('ours')!
      const other = medians.get('theirs')
      figures.push(
        figure(title, name, 'steps/s', 1 / seconds, peer?.name ?? null, other === undefined ? null : 1 / other),
      )
      if (peak !== null) {
        figures.push(figure(title, `${name}, of the card's limit`, 'share', leastSeconds(work, peak) / seconds))
      }
    }
    const sequences = batch(config, size.sequences, size.prompt, size.answer, uniform)
    const trees = sequences.flatMap(asTree)
    const step = async (forest: Forest, slopes: (scores: Scores) => Float32Array) => {
      await engine.accumulate(forest, slopes)
      await engine.step(ADAMW)
    }
    const mean = ({ logprobs }: Scores) => logprobs.map(() => -1 / logprobs.length)
    await compare(
      `SFT, ${size.sequences} of ${size.prompt} + ${size.answer}`,
      () => step(trees, mean),
      { do: 'sft', sequences, trained: 'LoRA' },
      stepWork(config, trees, LORA),
    )
    const pairs = batch(config, size.pairs, size.prompt, size.answer, uniform).flatMap(({ prompt, completion }) => [
      { prompt, completion },
      { prompt, completion: completion.map((token) => (token + 1) % config.vocab_size) },
    ])
    const forest = placedPairs(pairs)
    const signs = ({ logprobs }: Scores) =>
      logprobs.map((_, i) => (Math.floor(i / size.answer) % 2 === 0 ? -0.05 : 0.05))
    await compare(
      `DPO, ${size.pairs} of ${size.prompt} + 2 x ${size.answer}`,
      () => step(forest, signs),
      { do: 'dpo', sequences: pairs, reference: pairs.map(() => 0), trained: 'LoRA' },
      stepWork(config, forest, LORA),
    )
    const [prompt] = batch(config, 1, size.prefill - 1, 1, uniform)
    const read = asTree(prompt!)
    await compare(
      `prefill of ${size.prefill}`,
      () => engine.logprobs(read, 'a'),
      { do: 'prefill', prompt: [...prompt!.prompt, ...prompt!.completion] },
      forwardWork(config, read),
    )
    await tellMemory(one, forest, before, peer)
    await compareDecode(engine, one, size, peer, peak, figures)
  } catch (error) {
    // What was measured before counts.
    if (!(error instanceof UserError)) throw error
    console.log(`${title}: ${error.message}`)
  } finally {
    if (figures.length > 0) console.log(table(figures))
    await engine.close()
  }
}

/** Tokens one after the other, without the first. */
async function compareDecode(
  engine: Engine,
  { title, config, holding }: Case,
  size: Size,
  peer: Peer | null,
  peak: Peak | null,
  figures: Figure[],
): Promise<void> {
  if (timeIsUp(`${title}: decode`)) return
  const uniform = uniformStream(11)
  const ours = async () => {
    const { prompt } = batch(config, 1, size.prompt, 1, uniform)[0]!
    const generate = (count: number) =>
      timed(() =>
        engine.generate(
          [Int32Array.from(prompt)],
          { temperature: 0, top_p: 1, max_new_tokens: count, stop_token_ids: [], seeds: [1] },
          'a',
        ),
      )
    const first = await generate(1)
    return (await generate(size.decode + 1)) - first
  }
  const { prompt } = batch(config, 1, size.prompt, 1, uniform)[0]!
  const theirs = async () => (await peer!.ask(secondsSchema, { do: 'decode', prompt, count: size.decode })).seconds
  const medians = await interleave(
    [{ name: 'ours', run: ours }, ...(peer === null ? [] : [{ name: 'theirs', run: theirs }])],
    size.rounds,
    20,
  )
  const rate = (name: string) => (medians.has(name) ? size.decode / medians.get(name)! : null)
  figures.push(figure(title, 'decode', 'tokens/s', rate('ours')!, peer?.name ?? null, rate('theirs')))
  if (peak === null) return
  const bytes = holding.precision === 'nf4' ? 0.52 : 2
  const { tokens } = generationWork(config, [Int32Array.from(prompt)], 2, bytes)
  figures.push(figure(title, "decode, of the card's limit", 'share', leastSeconds(tokens[0]!, peak) * rate('ours')!))
}

/** Whether PyTorch holds the shape: a card may be too small for it in bf16. */
async function shape(torch: Peer, config: ModelConfig, holding: Holding): Promise<boolean> {
  const { model_type: _, head_dim: __, attention_bias: ___, rope_scaling: ____, rope_theta, ...rest } = config
  const asked = { ...rest, rope_theta }
  try {
    const { gradientCheckpointing: checkpointing } = holding
    await torch.ask(z.object({}), { do: 'shape', config: asked, rank: LORA.r, checkpointing })
    return true
  } catch (error) {
    console.log(`PyTorch does not take this shape: ${error instanceof Error ? error.message : error}`)
    return false
  }
}

async function tellMemory({ title, config, holding }: Case, forest: Forest, before: number | null, peer: Peer | null) {
  const { total } = planStep(config, forest, { holding, lora: LORA })
  const now = await usedMemory()
  const gb = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`
  const theirs = peer === null ? 0 : (await peer.ask(z.object({ bytes: z.number() }), { do: 'memory' })).bytes
  const used = before === null || now === null ? 'not told by nvidia-smi' : gb(now - before)
  console.log(
    `${title}: planned for the DPO step ${gb(total)}; used by both together ${used}; PyTorch's peak ${gb(theirs)}`,
  )
}

/** Bytes of all programs on the first card; null without nvidia-smi. */
async function usedMemory(): Promise<number | null> {
  try {
    const { stdout } = await run('nvidia-smi', ['--query-gpu=memory.used', '--format=csv,noheader,nounits'])
    return Number(stdout.trim().split('\n')[0]) * 2 ** 20
  } catch {
    return null
  }
}

function startPeer(precision: 'fp32' | 'bf16'): Promise<Peer | null> {
  const python = peerPython()
  if (python === null) return Promise.resolve(null)
  const env = { ...process.env, HF_HUB_OFFLINE: '1' }
  return Peer.start(spawn(python, [join(import.meta.dirname, 'gpu_torch.py')], { env }), precision, true).catch(
    (error: unknown) => {
      console.log(`PyTorch does not start: ${error instanceof Error ? error.message : error}`)
      return null
    },
  )
}

async function open(gpu: GpuOptions, config: ModelConfig, holding: Holding, weights: TensorStream): Promise<Engine> {
  return openRemoteEngine(await startGpuHost(gpu), { kind: 'webgpu', config, wish: gpu, holding }, weights)
}

interface Tokens {
  readonly prompt: number[]
  readonly completion: number[]
}

function batch(config: ModelConfig, count: number, prompt: number, answer: number, uniform: () => number): Tokens[] {
  const some = (length: number) => Array.from({ length }, () => Math.floor(uniform() * config.vocab_size))
  return Array.from({ length: count }, () => ({ prompt: some(prompt), completion: some(answer) }))
}

function asTree({ prompt, completion }: Tokens): Forest {
  return [{ tokens: Int32Array.of(...prompt, ...completion), parent: -1, targetStart: prompt.length }]
}

/** Pairs below their prompts. */
function placedPairs(sequences: readonly Tokens[]): Forest {
  return sequences.flatMap(({ prompt, completion }, index) => {
    const answer = {
      tokens: Int32Array.from(completion),
      parent: 3 * Math.floor(index / 2),
      targetStart: 0,
    }
    if (index % 2 === 1) return [answer]
    return [{ tokens: Int32Array.from(prompt), parent: -1, targetStart: prompt.length }, answer]
  })
}

try {
  await main()
} catch (error) {
  if (!(error instanceof UserError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
