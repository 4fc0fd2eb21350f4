/**
 * Compares how fast the native engine generates with a GGUF file's model, by the precision that holds its weights, with
 * llama.cpp and the same file. Prompts are as long as a page, of random tokens. With one thread each, processor time counts,
 * which other programs on the machine hardly change; with one thread a core, the time that passes.
 */
import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import { z } from 'zod'
import { openCheckpoint } from '../main/engine/checkpoint/checkpoint.ts'
import type { Engine } from '../main/engine/engine.ts'
import { createNativeEngine } from '../main/engine/native/engine.ts'
import { uniformStream } from '../main/engine/random.ts'
import { UserError } from '../main/messages/error.ts'
import { english } from '../main/messages/say.ts'
import { figure, type Reporter } from './figure.ts'
import { type Contestant, interleave } from './measure.ts'
import { startLlama } from './peer.ts'
import { type Selection, selects } from './selection.ts'

const BENCH = 'holdings'

/** Precision of the layers, and of embedding and head. */
const HOLDINGS = [
  ['bf16', 'bf16'],
  ['int8', 'int8'],
  ['nf4', 'int8'],
] as const

/** `prompt` and `tokens` are of one sequence; `tokens` 0 measures how fast prompts are read, else what follows them. */
const CASES = [
  { name: 'prefill, 300 tokens', batch: 1, prompt: 300, tokens: 0 },
  { name: 'prefill, 1,280 tokens', batch: 1, prompt: 1280, tokens: 0 },
  { name: 'decode, batch 1', batch: 1, prompt: 300, tokens: 24 },
  { name: 'decode, batch 8', batch: 8, prompt: 300, tokens: 12 },
  { name: 'decode, batch 32', batch: 32, prompt: 100, tokens: 8 },
] as const
type Case = (typeof CASES)[number]

/** The peer's name in the table; its weights are the file's own. */
const PEER = 'llama.cpp, same file'

const ROUNDS = 5
const PATIENCE = 8

const generatedSchema = z.object({
  seconds: z.number().positive(),
  first: z.number().positive(),
  /** The same in processor time. */
  processor: z.number().nonnegative(),
  processorFirst: z.number().nonnegative(),
})

/** Seconds, from any beginning. */
type Clock = () => number
const passing: Clock = () => performance.now() / 1000
const processor: Clock = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Makes prompts that nobody has seen before, so that no cache of earlier ones helps. */
function unseenPrompts(vocabulary: number): (count: number, length: number) => Int32Array[] {
  const uniform = uniformStream(11)
  return (count, length) =>
    Array.from({ length: count }, () => Int32Array.from({ length }, () => Math.floor(uniform() * vocabulary)))
}

/** Seconds of the case by the clock: until all first tokens, or from there to the end. */
async function secondsOf(
  engine: Engine,
  prompts: readonly Int32Array[],
  { tokens }: Case,
  clock: Clock,
): Promise<number> {
  const seeds = prompts.map(() => 0)
  const sampling = { temperature: 0, top_p: 1, max_new_tokens: tokens + 1, stop_token_ids: [], seeds }
  const begun = new Set<number>()
  const start = clock()
  let first = start
  const onToken = ({ prompt }: { prompt: number }) => {
    begun.add(prompt)
    if (begun.size === prompts.length && first === start) first = clock()
  }
  await engine.generate(prompts, sampling, null, { onToken })
  return tokens === 0 ? first - start : clock() - first
}

/**
 * Reports tokens a second with one thread and with one a core. Throws UserError if no file is named, or it cannot be read.
 */
export async function benchHoldings(report: Reporter, quick: boolean, selection: Selection): Promise<void> {
  const { gguf, instructions } = selection
  if (gguf === null)
    throw new UserError('verbatim', { text: 'Name a GGUF file: npm run bench -- holdings --gguf FILE.' })
  const llama = await startLlama(instructions)
  if (llama === null) report.note('llama.cpp is not installed for the bench: run bench/peers.sh to compare with it.')
  const engines: Engine[] = []
  try {
    await llama?.load({ folder: '', adapter: '', trained: [], gguf })
    for (const threads of new Set([1, availableParallelism()])) {
      const titleOf = ({ name }: Case) =>
        `${basename(gguf)}, ${threads === 1 ? '1 thread' : `${threads} threads`}: ${name}`
      const cases = CASES.filter((one) => selects(selection.case, titleOf(one)))
      if (cases.length === 0) continue
      const ours: { name: string; engine: Engine }[] = []
      for (const [precision, headPrecision] of HOLDINGS) {
        if (!selects(selection.model, precision)) continue
        const checkpoint = await openCheckpoint(gguf)
        const options = { precision, headPrecision, threads, instructions, products: 'bf16' } as const
        const engine = await createNativeEngine(checkpoint.config, checkpoint, options)
        await checkpoint.close()
        engines.push(engine)
        ours.push({ name: precision, engine })
        report.note(`${precision}: ${english(engine.description)}.`)
      }
      await llama?.set({ name: '', threads, flash: true })
      const prompts = unseenPrompts(ours[0]?.engine.config.vocab_size ?? 1)
      for (const one of cases) {
        const title = titleOf(one)
        const { batch, prompt, tokens } = one
        const contestants: Contestant[] = ours.map(({ name, engine }) => ({
          name,
          run: () => secondsOf(engine, prompts(batch, prompt), one, threads === 1 ? processor : passing),
        }))
        if (llama !== null) {
          const run = async () => {
            const request = { do: 'generate', prompts: prompts(batch, prompt), count: tokens + 1 }
            const theirs = await llama.ask(generatedSchema, request)
            const [first, all] =
              threads === 1 ? [theirs.processorFirst, theirs.processor] : [theirs.first, theirs.seconds]
            return tokens === 0 ? first : all - first
          }
          contestants.push({ name: PEER, run })
        }
        const seconds = await interleave(contestants, quick ? 1 : ROUNDS, quick ? 1 : PATIENCE)
        const speed = (name: string) => (batch * (tokens === 0 ? prompt : tokens)) / seconds.get(name)!
        for (const { name } of ours) {
          const theirs = llama === null ? null : speed(PEER)
          report.figure(
            figure(BENCH, `${title}, ${name}`, 'tokens/s', speed(name), llama === null ? null : PEER, theirs),
          )
        }
      }
      await Promise.all(engines.splice(0).map((engine) => engine.close()))
    }
  } finally {
    await Promise.all(engines.map((engine) => engine.close()))
    await llama?.close()
  }
}
