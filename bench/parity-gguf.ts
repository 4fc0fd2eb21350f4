/** Compares llama.cpp on the GGUF files that this lab writes with the lab itself on base and adapter. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { GGUF_FORMS } from '../main/adapters/forms.ts'
import { mergeAdapter } from '../main/adapters/merge.ts'
import { PROJECTIONS } from '../main/config/choices.ts'
import { loadAdapter, saveAdapter } from '../main/engine/adapter.ts'
import { openCheckpoint } from '../main/engine/checkpoint.ts'
import type { Engine, LoraConfig, ModelConfig } from '../main/engine/engine.ts'
import { writeModel } from '../main/engine/gguf/model.ts'
import { readVocabulary } from '../main/engine/gguf/vocabulary.ts'
import { loadEngine } from '../main/engine/load.ts'
import { loadTokenizer, type Tokenizer } from '../main/engine/tokenizer.ts'
import { mixedLora, randomAdapter } from '../testing/random-model.ts'
import { mostDifference } from './differences.ts'
import { parityStrings } from './parity-strings.ts'
import { type Peer, startLlama } from './peer.ts'

/** Tokens of an answer, at most. */
const ANSWER = 24
const STRINGS = 2000
/** How much an adapter changes the model: by tenths of a nat, so that a file without it would be noticed. */
const ADAPTER_STD = 0.02

/**
 * The largest allowed difference of a log-probability, in nats. In float32 only the order of sums differs. With the other
 * types llama.cpp rounds weights and what it multiplies them with: to half precision, to bf16 and to 8 bits.
 */
const BOUNDS = { F32: 1e-3, LoRA: 1e-3, F16: 0.05, BF16: 0.2, Q8_0: 0.5 } as const

export interface GgufRow {
  readonly file: string
  /** The worst differences, in nats: of the tokens of the lab's answers, and of the whole vocabulary behind the prompts. */
  readonly logprobs: number
  readonly vocabulary: number
  /** In how many prompts llama.cpp's greedy answer is the lab's, of how many. */
  readonly answers: readonly [same: number, all: number]
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
 * Compares with the model in `base`, a checkpoint folder. null if bench/peers.sh did not install llama.cpp.
 * @throws UserError if the model cannot be used.
 */
export async function compareGguf(base: string): Promise<GgufComparison | null> {
  const peer = await startLlama()
  if (peer === null) return null
  const folder = await mkdtemp(join(tmpdir(), 'dpo-driver-parity-'))
  try {
    // Keys and values in float32, as the lab has them.
    await peer.set({ name: 'plain', threads: peer.threads, flash: false })
    return await compare(base, folder, peer)
  } finally {
    await peer.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function compare(base: string, folder: string, peer: Peer): Promise<GgufComparison> {
  const tokenizer = await loadTokenizer(base)
  const engine = await loadEngine({ folder: base, engine: 'native', threads: 'auto', precision: 'fp32' })
  const plain: LoraConfig = { r: 8, lora_alpha: 16, lora_dropout: 0, target_modules: PROJECTIONS }
  const adapters = { plain, mixed: mixedLora(engine.config) }
  for (const [name, lora] of Object.entries(adapters)) await addAdapter(engine, base, join(folder, name), name, lora)
  const prompts = PAGES.map(({ instruction, elements }) => chatOf(tokenizer, instruction, elements))
  const rows: GgufRow[] = []
  const add = async (file: string, adapter: string, bound: number) =>
    rows.push(await rowOf(engine, tokenizer, peer, prompts, { file, adapter, bound }))

  let warned = false
  for (const form of GGUF_FORMS) {
    if (form === 'LoRA') continue
    const file = join(folder, `${form}.gguf`)
    await mergeAdapter(base, join(folder, 'plain'), file, {
      form,
      warn: ({ id }) => {
        warned ||= id === 'mergeGgufPreTokenizer'
      },
    })
    await load(peer, file)
    await add(`merged, ${form}`, 'plain', BOUNDS[form])
    await rm(file)
  }
  const model = join(folder, 'base.gguf')
  await writeBase(base, engine.config, model)
  for (const name of Object.keys(adapters)) {
    const file = join(folder, `${name}.gguf`)
    await mergeAdapter(base, join(folder, name), file, { form: 'LoRA' })
    await load(peer, model, file)
    await add(name === 'plain' ? 'LoRA' : 'LoRA of different ranks and scales', name, BOUNDS.LoRA)
  }
  const { texts, prompts: told } = await compareTokens(tokenizer, peer)
  await engine.close()
  return { peer: peer.name, rows, texts, prompts: told, warned }
}

async function addAdapter(engine: Engine, base: string, folder: string, name: string, lora: LoraConfig) {
  await saveAdapter(folder, lora, randomAdapter(engine.config, lora, 7, ADAPTER_STD), base)
  const saved = await loadAdapter(folder, engine.config)
  await engine.addAdapter(name, saved.lora, saved.tensors)
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

async function rowOf(
  engine: Engine,
  { stopTokenIds }: Tokenizer,
  peer: Peer,
  prompts: readonly Int32Array[],
  { file, adapter, bound }: { readonly file: string; readonly adapter: string; readonly bound: number },
): Promise<GgufRow> {
  const sampling = { temperature: 0, top_p: 1, max_new_tokens: ANSWER, stop_token_ids: stopTokenIds, seeds: [1, 2, 3] }
  const answers = await engine.generate(prompts, sampling, adapter)
  const generated = z.object({ tokens: z.array(z.array(z.int())) })
  let same = 0
  let [logprobs, vocabulary] = [0, 0]
  for (const [i, prompt] of prompts.entries()) {
    const { tokens, logprobs: ours } = answers[i]!
    const theirs = await peer.ask(generated, { do: 'generate', prompts: [prompt], count: tokens.length })
    if (theirs.tokens[0]!.join() === tokens.join()) same++
    const sequences = [{ prompt, completion: tokens }]
    logprobs = Math.max(logprobs, mostDifference(ours, await asked(peer, { do: 'logprobs', sequences })))
    const all = await wholeVocabulary(engine, adapter, prompt)
    vocabulary = Math.max(vocabulary, mostDifference(all, await asked(peer, { do: 'distribution', tokens: prompt })))
  }
  // Of a type that rounds, an answer may differ where two tokens are about as likely.
  const exact = bound > 0.01 || same === prompts.length
  const holds = Math.max(logprobs, vocabulary) <= bound && exact
  return { file, logprobs, vocabulary, answers: [same, prompts.length], holds }
}

const logprobsSchema = z.object({ logprobs: z.array(z.number()) })

async function asked(peer: Peer, request: Parameters<Peer['ask']>[1]): Promise<Float32Array> {
  return Float32Array.from((await peer.ask(logprobsSchema, request)).logprobs)
}

/** The log-probability of every token behind a prompt. */
async function wholeVocabulary(engine: Engine, adapter: string, prompt: Int32Array): Promise<Float32Array> {
  const each = Array.from({ length: engine.config.vocab_size }, (_, token) => ({
    tokens: Int32Array.of(token),
    parent: 0,
    targetStart: 0,
  }))
  const root = { tokens: prompt, parent: -1, targetStart: prompt.length }
  return (await engine.logprobs([root, ...each], adapter)).logprobs
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
