/**
 * The peer of `npm run bench` for llama.cpp in a Node program: node-llama-cpp through its public interface. Run as
 * `node bench/peer-node-llama.ts <its entry file> <name>`; requests, answers and choices are those of bench/peer_llama.cc.
 */
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'

/** The most tokens of a sequence, prompt and completion. */
const CONTEXT = 512

const tokens = z.array(z.int())
const requestSchema = z.discriminatedUnion('do', [
  z.object({ do: z.literal('hello') }),
  z.object({ do: z.literal('load'), model: z.string() }),
  z.object({ do: z.literal('settings'), threads: z.int().positive(), flash: z.boolean() }),
  z.object({ do: z.literal('generate'), prompts: z.array(tokens), count: z.int().positive() }),
  z.object({ do: z.literal('logprobs'), sequences: z.array(z.object({ prompt: tokens, completion: tokens })) }),
])

/** The used part of node-llama-cpp, on which this project does not depend. */
interface Library {
  getLlama(options: { gpu: false; build: 'never'; maxThreads: number; logLevel: 'disabled' }): Promise<{
    loadModel(options: { modelPath: string }): Promise<Model>
  }>
}
interface Model {
  createContext(options: {
    sequences: number
    contextSize: number
    batchSize: number
    threads: number
    flashAttention: boolean
    experimentalKvCacheKeyType: KeyType
    experimentalKvCacheValueType: KeyType
    batching: { itemPrioritizationStrategy: (options: { items: readonly Item[] }) => Prioritized[] }
  }): Promise<Context>
  dispose(): Promise<void>
}
type KeyType = 'F16' | 'F32'
interface Item {
  readonly tokens: readonly number[]
}
interface Prioritized {
  readonly item: Item
  readonly processAmount: number
}
interface Context {
  getSequence(): Sequence
  dispose(): Promise<void>
}
interface Sequence {
  clearHistory(): Promise<void>
  evaluateWithoutGeneratingNewTokens(tokens: number[]): Promise<void>
  evaluate(prompt: number[], options: { temperature: 0; yieldEogToken: true }): AsyncGenerator<number, void, void>
  controlledEvaluate(
    input: Scored[],
  ): Promise<({ next: { logits?: Map<number, number>; totalLogitWeight?: number } } | undefined)[]>
}
type Scored =
  | number
  | [
      number,
      { generateNext: { logits: { filter: { tokens: readonly number[]; includeTop: 1 } }; totalLogitWeight: true } },
    ]

/** A context with its sequences, and how many batches it has computed. */
interface Open {
  readonly context: Context
  readonly sequences: readonly Sequence[]
  readonly batches: { count: number }
}

const [entry = '', name = ''] = process.argv.slice(2)
const library = (await import(pathToFileURL(entry).href)) as Library
const llama = await library.getLlama({
  gpu: false,
  build: 'never',
  maxThreads: availableParallelism(),
  logLevel: 'disabled',
})
let model: Model | null = null
let threads = availableParallelism()
let flash = true
/** By their number of sequences, threads and form of attention. */
const contexts = new Map<string, Open>()

async function load(modelPath: string): Promise<void> {
  for (const { context } of contexts.values()) await context.dispose()
  contexts.clear()
  await model?.dispose()
  model = await llama.loadModel({ modelPath })
}

/** A context with this many sequences, all empty. */
async function open(count: number): Promise<Open> {
  const key = `${count} ${threads} ${flash}`
  const found = contexts.get(key) ?? (await create(count))
  contexts.set(key, found)
  for (const sequence of found.sequences) await sequence.clearHistory()
  found.batches.count = 0
  return found
}

async function create(count: number): Promise<Open> {
  if (model === null) throw new Error('no model is loaded')
  const batches = { count: 0 }
  // A batch has room for all tokens of all sequences, so that all requested tokens go into one.
  const itemPrioritizationStrategy = ({ items }: { items: readonly Item[] }) => {
    batches.count++
    return items.map((item) => ({ item, processAmount: item.tokens.length }))
  }
  const keys = flash ? 'F16' : 'F32'
  const context = await model.createContext({
    sequences: count,
    contextSize: CONTEXT,
    batchSize: CONTEXT,
    threads,
    flashAttention: flash,
    experimentalKvCacheKeyType: keys,
    experimentalKvCacheValueType: keys,
    batching: { itemPrioritizationStrategy },
  })
  return { context, sequences: Array.from({ length: count }, () => context.getSequence()), batches }
}

/** Greedy completions. `first` is the seconds until every completion has its first token. */
async function generate(prompts: readonly number[][], count: number) {
  const { sequences, batches } = await open(prompts.length)
  const start = performance.now()
  const seconds = () => (performance.now() - start) / 1000
  let first = 0
  for (const [i, sequence] of sequences.entries()) {
    await sequence.evaluateWithoutGeneratingNewTokens(prompts[i]!.slice(0, -1))
  }
  const read = batches.count
  const streams = sequences.map((sequence, i) =>
    sequence.evaluate(prompts[i]!.slice(-1), { temperature: 0, yieldEogToken: true }),
  )
  const completions: number[][] = prompts.map(() => [])
  for (let made = 0; made < count; made++) {
    // Each waits for all. If they went on one by one, the library would compute some without the others.
    const drawn = await Promise.all(streams.map((stream) => stream.next()))
    drawn.forEach(({ value }, i) => {
      completions[i]!.push(value as number)
    })
    if (made === 0) first = seconds()
  }
  const taken = seconds()
  await Promise.all(streams.map((stream) => stream.return()))
  const made = batches.count - read
  if (made !== count) throw new Error(`${count} tokens of each sequence took ${made} batches`)
  return { tokens: completions, seconds: taken, first }
}

async function logprobs(sequences: readonly { prompt: number[]; completion: number[] }[]): Promise<number[]> {
  const found: number[] = []
  for (const { prompt, completion } of sequences) {
    const [sequence] = (await open(1)).sequences
    const all = [...prompt, ...completion]
    const input = all.slice(0, -1).map((token, i): Scored => {
      if (i + 1 < prompt.length) return token
      const filter = { tokens: [all[i + 1]!], includeTop: 1 } as const
      return [token, { generateNext: { logits: { filter }, totalLogitWeight: true } }]
    })
    const scores = await sequence!.controlledEvaluate(input)
    completion.forEach((token, i) => {
      const { logits, totalLogitWeight } = scores[prompt.length - 1 + i]!.next
      found.push(logits!.get(token)! - Math.max(...logits!.values()) - Math.log(totalLogitWeight!))
    })
  }
  return found
}

async function answer(request: z.infer<typeof requestSchema>): Promise<unknown> {
  switch (request.do) {
    case 'hello':
      return { name, threads }
    case 'load':
      await load(request.model)
      return {}
    case 'settings':
      threads = request.threads
      flash = request.flash
      return {}
    case 'generate':
      return generate(request.prompts, request.count)
    case 'logprobs':
      return { logprobs: await logprobs(request.sequences) }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(requestSchema.parse(JSON.parse(line)))))
}
// The library's threads would keep the process alive.
process.exit()
