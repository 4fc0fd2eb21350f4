/** Compares llama.cpp on the GGUF files that this lab writes with the lab itself on base and adapter. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { mergeAdapter } from '../main/adapters/merge.ts'
import { PROJECTIONS } from '../main/config/choices.ts'
import { saveAdapter } from '../main/engine/adapter/adapter.ts'
import { openCheckpoint } from '../main/engine/checkpoint/checkpoint.ts'
import type {
  AdapterName,
  Completion,
  Engine,
  Forest,
  LoraConfig,
  ModelConfig,
  Sampling,
} from '../main/engine/engine.ts'
import { writeModel } from '../main/engine/gguf/model.ts'
import { readVocabulary } from '../main/engine/gguf/vocabulary.ts'
import { loadEngine } from '../main/engine/load.ts'
import { loadTokenizer, type Tokenizer } from '../main/engine/tokenizer/tokenizer.ts'
import { mixedLora, randomAdapter } from '../testing/random-model.ts'
import { mostDifference } from './differences.ts'
import { parityStrings } from './parity-strings.ts'
import { type Peer, peerPython, startLlama } from './peer.ts'

const run = promisify(execFile)

/** Tokens of an answer, at most. */
const ANSWER = 24
const STRINGS = 2000
/** Tokens behind a prompt that are compared; those of a larger vocabulary are spread over it. */
const MOST_TOKENS = 256
/** In milliseconds. */
const PYTHON_TIME_LIMIT = 600_000
/** How much an adapter changes a log-probability, in nats, so that a file without it would be noticed. */
const CHANGE = 0.3

/**
 * The largest allowed difference of a log-probability, in nats. In float32 only the order of sums differs. With the other
 * types llama.cpp rounds weights and what it multiplies them with: to half precision, to bf16 and to 8 bits.
 */
const BOUNDS = { F32: 1e-3, LoRA: 1e-3, F16: 0.02, BF16: 0.1, Q8_0: 0.5 } as const

export interface GgufRow {
  readonly file: string
  /** The most that the adapter changes a log-probability of the base model's answers. */
  readonly change: number
  /** The worst differences, in nats: of the tokens of the lab's answers, and of tokens from the whole vocabulary behind the prompts. */
  readonly logprobs: number
  readonly vocabulary: number
  /** In how many prompts llama.cpp's greedy answer is the lab's, of how many. */
  readonly answers: readonly [same: number, all: number]
  /** Tensors whose bytes are not what the gguf package makes of the weights in float32; null where that says nothing. */
  readonly otherBytes: number | null
  readonly holds: boolean
}

export interface GgufComparison {
  readonly peer: string
  readonly rows: readonly GgufRow[]
  /** How many texts and prompts llama.cpp gives other tokens, of how many; and whether the file's warning says so. */
  readonly texts: readonly [other: number, all: number]
  readonly prompts: readonly [other: number, all: number]
  readonly warned: boolean
}

const PAGES = [
  {
    instruction: 'Click on the "Next" button.',
    elements: ['Okay button', 'Next button', 'sodales sollicitudin div'],
  },
  {
    instruction: 'Enter the username "moluti" and the password "U4" into the text fields and press login.',
    elements: ['Username textbox', 'Password textbox', 'Login button'],
  },
  { instruction: 'Select Kimberly from the list and click Submit.', elements: ['Names combobox', 'Submit button'] },
] as const

/**
 * Compares with the model in `base`, a checkpoint folder. null if bench/peers.sh did not
 * install llama.cpp and the gguf package.
 * @throws UserError if the model cannot be used.
 */
export async function compareGguf(base: string): Promise<GgufComparison | null> {
  const python = peerPython()
  const peer = await startLlama()
  if (peer === null || python === null) return null
  const folder = await mkdtemp(join(tmpdir(), 'dpo-driver-parity-'))
  try {
    // Keys and values in float32, as the lab has them.
    await peer.set({ name: 'plain', threads: peer.threads, flash: false })
    return await compare(base, folder, peer, python)
  } finally {
    await peer.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function compare(base: string, folder: string, peer: Peer, python: string): Promise<GgufComparison> {
  const tokenizer = await loadTokenizer(base)
  const engine = await loadEngine({ folder: base, engine: 'native', threads: 'auto', precision: 'fp32' })
  const plain: LoraConfig = { r: 8, lora_alpha: 16, lora_dropout: 0, target_modules: PROJECTIONS }
  const adapters = { plain, mixed: mixedLora(engine.config) }
  const prompts = PAGES.map(({ instruction, elements }) => chatOf(tokenizer, instruction, elements))
  const answered = await answersOf(engine, tokenizer, prompts, null)
  const expected = new Map<string, Expected>()
  for (const [adapter, lora] of Object.entries(adapters)) {
    const change = await addAdapter(engine, base, join(folder, adapter), adapter, lora, answered)
    const found = await expectedOf(engine, tokenizer, prompts, adapter)
    expected.set(adapter, { change, prompts: found })
  }
  const rows: GgufRow[] = []
  const add = async (file: string, adapter: string, bound: number, otherBytes: number | null) => {
    rows.push(await rowOf(peer, expected.get(adapter)!, { file, bound, otherBytes }))
  }

  let warned = false
  const exact = join(folder, 'F32.gguf')
  for (const form of ['F32', 'F16', 'BF16', 'Q8_0'] as const) {
    const file = join(folder, `${form}.gguf`)
    await mergeAdapter(base, join(folder, 'plain'), file, {
      form,
      warn: ({ id }) => {
        warned ||= id === 'mergeGgufPreTokenizer'
      },
    })
    await load(peer, file)
    await add(`merged, ${form}`, 'plain', BOUNDS[form], file === exact ? null : await otherBytes(python, file, exact))
    if (file !== exact) await rm(file)
  }
  const model = join(folder, 'base.gguf')
  await writeBase(base, engine.config, model)
  for (const name of Object.keys(adapters)) {
    const file = join(folder, `${name}.gguf`)
    await mergeAdapter(base, join(folder, name), file, { form: 'LoRA' })
    await load(peer, model, file)
    await add(name === 'plain' ? 'LoRA' : 'LoRA of different ranks and scales', name, BOUNDS.LoRA, null)
  }
  const { texts, prompts: told } = await compareTokens(tokenizer, peer)
  await engine.close()
  return { peer: peer.name.replace(/ bf16$/, ''), rows, texts, prompts: told, warned }
}

/** Saves a random adapter and adds it. Its numbers grow until it changes the answers enough; returns by how much. */
async function addAdapter(
  engine: Engine,
  base: string,
  folder: string,
  name: string,
  lora: LoraConfig,
  answered: Forest,
): Promise<number> {
  const before = (await engine.logprobs(answered, null)).logprobs
  for (let std = 0.02; ; std *= 1.25) {
    const tensors = randomAdapter(engine.config, lora, 7, std)
    await engine.addAdapter(name, lora, tensors)
    const change = mostDifference((await engine.logprobs(answered, name)).logprobs, before)
    if (change >= CHANGE) {
      await saveAdapter(folder, lora, tensors, base)
      return change
    }
    await engine.removeAdapter(name)
  }
}

/** The greedy answers as targets behind their prompts. */
async function answersOf(engine: Engine, tokenizer: Tokenizer, prompts: readonly Int32Array[], adapter: AdapterName) {
  const completions = await engine.generate(prompts, greedy(tokenizer, prompts), adapter)
  return prompts.map((prompt, i) => ({
    tokens: Int32Array.of(...prompt, ...completions[i]!.tokens),
    parent: -1,
    targetStart: prompt.length,
  }))
}

function greedy({ stopTokenIds }: Tokenizer, prompts: readonly Int32Array[]): Sampling {
  const seeds = prompts.map((_, i) => i)
  return { temperature: 0, top_p: 1, max_new_tokens: ANSWER, stop_token_ids: stopTokenIds, seeds }
}

/** The base model alone, in float32. */
async function writeBase(base: string, config: ModelConfig, file: string): Promise<void> {
  const { values: vocabulary } = await readVocabulary(base, config.vocab_size)
  const { pieces, close } = await openCheckpoint(base)
  await writeModel(file, { name: 'base', config, pieces, vocabulary }, 'F32')
  await close()
}

async function load(peer: Peer, model: string, adapter = ''): Promise<void> {
  await peer.ask(z.object({}), { do: 'load', model, adapter })
}

function chatOf(tokenizer: Tokenizer, instruction: string, elements: readonly string[]): Int32Array {
  const page = elements.map((element, ref) => ` ${element} ${ref + 1}`).join('\n')
  return tokenizer.chatPrompt([{ role: 'user', content: `Page:\n${page}\nTask: ${instruction}` }])
}

/** What the lab computes with an adapter. */
interface Expected {
  readonly change: number
  /** For each prompt: the greedy answer, and log-probabilities behind the prompt by token. */
  readonly prompts: readonly { prompt: Int32Array; answer: Completion; behind: ReadonlyMap<number, number> }[]
}

async function expectedOf(engine: Engine, tokenizer: Tokenizer, prompts: readonly Int32Array[], adapter: string) {
  const answers = await engine.generate(prompts, greedy(tokenizer, prompts), adapter)
  const found: Expected['prompts'][number][] = []
  for (const [i, prompt] of prompts.entries()) {
    found.push({ prompt, answer: answers[i]!, behind: await behind(engine, adapter, prompt) })
  }
  return found
}

/** The log-probabilities behind a prompt, of tokens from the whole vocabulary. */
async function behind(engine: Engine, adapter: string, prompt: Int32Array): Promise<ReadonlyMap<number, number>> {
  const step = Math.ceil(engine.config.vocab_size / MOST_TOKENS)
  const tokens = Array.from({ length: Math.floor(engine.config.vocab_size / step) }, (_, i) => i * step)
  const root = { tokens: prompt, parent: -1, targetStart: prompt.length }
  const each = tokens.map((token) => ({ tokens: Int32Array.of(token), parent: 0, targetStart: 0 }))
  const { logprobs } = await engine.logprobs([root, ...each], adapter)
  return new Map(tokens.map((token, i) => [token, logprobs[i]!]))
}

async function rowOf(
  peer: Peer,
  { change, prompts }: Expected,
  { file, bound, otherBytes }: Pick<GgufRow, 'file' | 'otherBytes'> & { readonly bound: number },
): Promise<GgufRow> {
  const generated = z.object({ tokens: z.array(z.array(z.int())) })
  let same = 0
  let [logprobs, vocabulary] = [0, 0]
  for (const { prompt, answer, behind } of prompts) {
    const { tokens } = answer
    const theirs = await peer.ask(generated, { do: 'generate', prompts: [prompt], count: tokens.length })
    if (theirs.tokens[0]!.join() === tokens.join()) same++
    const sequences = [{ prompt, completion: tokens }]
    logprobs = Math.max(logprobs, mostDifference(answer.logprobs, await asked(peer, { do: 'logprobs', sequences })))
    const all = await asked(peer, { do: 'distribution', tokens: prompt })
    const picked = Float32Array.from(behind.keys(), (token) => all[token]!)
    vocabulary = Math.max(vocabulary, mostDifference(Float32Array.from(behind.values()), picked))
  }
  // Of a type that rounds, an answer may differ where two tokens are about as likely.
  const isExact = bound > BOUNDS.F32 || same === prompts.length
  const holds = Math.max(logprobs, vocabulary) <= bound && isExact && (otherBytes ?? 0) === 0
  return { file, change, otherBytes, logprobs, vocabulary, answers: [same, prompts.length], holds }
}

/** How many tensors of a file have other bytes than the gguf package gives the weights of `exact`, which are in float32. */
async function otherBytes(python: string, file: string, exact: string): Promise<number> {
  const script = join(import.meta.dirname, 'parity_gguf.py')
  const { stdout } = await run(python, [script, file, exact], { timeout: PYTHON_TIME_LIMIT })
  return z.object({ differing: z.int() }).parse(JSON.parse(stdout)).differing
}

const logprobsSchema = z.object({ logprobs: z.array(z.number()) })

async function asked(peer: Peer, request: Parameters<Peer['ask']>[1]): Promise<Float32Array> {
  return Float32Array.from((await peer.ask(logprobsSchema, request)).logprobs)
}

/** Texts in NFC, since llama.cpp does not normalise, alone and as messages. The peer has a model of this tokenizer. */
async function compareTokens(tokenizer: Tokenizer, peer: Peer) {
  const schema = z.object({ tokens: z.array(z.array(z.int())) })
  const strings = parityStrings(STRINGS, 1).map((text) => text.normalize('NFC'))
  const pages = PAGES.map(({ instruction, elements }) => chatOf(tokenizer, instruction, elements))
  const texts = await peer.ask(schema, { do: 'tokenize', texts: strings, special: false })
  const told = pages.map((page) => tokenizer.decode(page))
  const prompts = await peer.ask(schema, { do: 'tokenize', texts: told, special: true })
  const other = (ours: readonly Int32Array[], theirs: readonly number[][]) =>
    [ours.filter((ids, i) => ids.join() !== theirs[i]!.join()).length, ours.length] as const
  return {
    texts: other(
      strings.map((text) => tokenizer.encode(text)),
      texts.tokens,
    ),
    prompts: other(pages, prompts.tokens),
  }
}
