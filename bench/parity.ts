/**
 * Compares the native engine and the tokenizer with transformers 4 and 5 and their PEFT, the losses with TRL: `npm run
 * test:parity [-- --fixture]`. Prints the worst figure of every row, and fails if one is beyond its bound. --fixture also
 * writes the results with which `npm test` compares without Python. llama.cpp computes with the GGUF files that the lab
 * writes; --gguf MODEL compares only these, of any model; --export compares only a training on TRL from an export.
 */

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { z } from 'zod'
import { mergeAdapter } from '../main/adapters/merge.ts'
import { loadAdapter, saveAdapter } from '../main/engine/adapter/adapter.ts'
import { saveCheckpoint } from '../main/engine/checkpoint/checkpoint.ts'
import { readSafetensors, writeSafetensors } from '../main/engine/checkpoint/safetensors.ts'
import type { AdapterName, Engine, Forest, Tensor, Tensors } from '../main/engine/engine.ts'
import { qwen2 } from '../main/engine/families.ts'
import { resolveModel } from '../main/engine/load.ts'
import { createNativeEngine } from '../main/engine/native/engine.ts'
import { loadTokenizer } from '../main/engine/tokenizer/tokenizer.ts'
import { PROJECT_ROOT } from '../main/files/paths.ts'
import {
  FIXTURE,
  FIXTURES,
  LLAMA,
  type ParityModel,
  parityForest,
  parityModel,
  QWEN3,
  slopes,
} from '../testing/parity-models.ts'
import { randomModel } from '../testing/random-model.ts'
import { TINY_VOCAB_SIZE, writeTinyTokenizer } from '../testing/tiny-tokenizer.ts'
import { mostDifference, worstGradient } from './differences.ts'
import { type AdapterRow, compareAdapters } from './parity-adapters.ts'
import { compareExports } from './parity-export.ts'
import { compareGguf } from './parity-gguf.ts'
import { compareLosses } from './parity-losses.ts'
import { parityStrings } from './parity-strings.ts'
import { compareTemplates } from './parity-templates.ts'
import { compareTraining } from './parity-training.ts'
import { peerPython, peerPython4 } from './peer.ts'

const run = promisify(execFile)

/** Python's time limit for a model, in milliseconds. */
const TIME_LIMIT = 300_000
const STRINGS = 10_000
/** The largest allowed differences: of a log-probability (nats), and relative ones of a tensor's gradient and of a loss. */
const BOUNDS = { logprob: 1e-4, gradient: 1e-3, loss: 1e-9 } as const

/** The range of configurations: families, heads with and without shared keys, tied and untied, odd sizes, long sequences. */
const MODELS: readonly ParityModel[] = [
  FIXTURE,
  { ...FIXTURE, name: 'untied head', config: { ...FIXTURE.config, tie_word_embeddings: false } },
  { ...FIXTURE, name: 'as many key heads as heads', config: { ...FIXTURE.config, num_key_value_heads: 4 } },
  { ...FIXTURE, name: 'one key head', config: { ...FIXTURE.config, num_key_value_heads: 1 } },
  {
    name: 'sizes of no round number',
    length: 61,
    config: qwen2({
      ...FIXTURE.config,
      vocab_size: 331,
      hidden_size: 84,
      intermediate_size: 117,
      num_attention_heads: 6,
    }),
  },
  { ...FIXTURE, name: 'theta 1e6, 1,500 positions', length: 1500, config: { ...FIXTURE.config, rope_theta: 1e6 } },
  {
    name: 'heads as in Qwen2-0.5B',
    length: 200,
    config: qwen2({
      ...FIXTURE.config,
      hidden_size: 448,
      intermediate_size: 608,
      num_hidden_layers: 4,
      num_attention_heads: 14,
      rope_theta: 1e6,
    }),
  },
  QWEN3,
  {
    name: 'Qwen3, untied, theta 1e6, 1,500 positions',
    length: 1500,
    config: { ...QWEN3.config, head_dim: 32, tie_word_embeddings: false, rope_theta: 1e6 },
  },
  LLAMA,
  {
    name: 'Llama 3.2 positions, 1,500 of them',
    length: 1500,
    config: {
      ...LLAMA.config,
      head_dim: 64,
      tie_word_embeddings: true,
      rope_theta: 5e5,
      rope_scaling: { ...LLAMA.config.rope_scaling!, factor: 32, original_max_position_embeddings: 8192 },
    },
  },
  {
    name: 'heads as in SmolLM2-135M',
    length: 200,
    config: {
      ...LLAMA.config,
      hidden_size: 576,
      intermediate_size: 608,
      num_hidden_layers: 3,
      num_attention_heads: 9,
      num_key_value_heads: 3,
      head_dim: 64,
      tie_word_embeddings: true,
      rope_theta: 1e5,
      rope_scaling: null,
    },
  },
]

/** The worst figures of a model, the base alone or with an adapter. */
interface Row {
  readonly model: string
  readonly what: string
  readonly logprobs: number
  readonly vocabulary: number
  readonly gradients: number | null
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      fixture: { type: 'boolean', default: false },
      gguf: { type: 'string' },
      export: { type: 'boolean', default: false },
    },
  })
  if (values.gguf !== undefined) {
    if (!(await compareGgufOf(values.gguf))) process.exitCode = 1
    return
  }
  const python = peerPython()
  const python4 = peerPython4()
  if (python === null || python4 === null) {
    console.error('PyTorch, transformers 4 and 5, PEFT and TRL are not all installed; bench/peers.sh does that.')
    process.exitCode = 2
    return
  }
  if (values.export) {
    if (!(await compareAllExports(python))) process.exitCode = 1
    return
  }
  const rows: Row[] = []
  const stored = new Map<string, Tensor>()
  for (const model of MODELS) {
    const older = await compare(python4, model)
    const newer = await compare(python, model, (theirs) => {
      if (!FIXTURES.includes(model)) return
      for (const [name, tensor] of theirs) {
        if (name.startsWith('ours/')) stored.set(`${model.config.model_type}/${name}`, tensor)
      }
    })
    rows.push(...newer.map((row, i) => worse(row, older[i]!)))
    console.error(`${model.name}: done`)
  }
  if (values.fixture) {
    writeSafetensors(join(import.meta.dirname, '../main/engine/parity-transformers.safetensors'), stored)
  }
  console.log('| model | weights | log-probabilities | whole vocabulary | gradients |')
  console.log('| --- | --- | ---: | ---: | ---: |')
  for (const { model, what, ...worst } of rows) {
    const figures = [worst.logprobs, worst.vocabulary, worst.gradients].map((value) => value?.toExponential(1) ?? '')
    console.log(`| ${[model, what, ...figures].join(' | ')} |`)
  }
  const holds = ({ logprobs, vocabulary, gradients }: Row) =>
    Math.max(logprobs, vocabulary) <= BOUNDS.logprob && (gradients ?? 0) <= BOUNDS.gradient
  const adapters = await compareAllAdapters([python4, python])
  const losses = await compareLosses(python)
  console.log('\n| loss | value | derivatives |')
  console.log('| --- | ---: | ---: |')
  for (const { loss, value, derivatives } of losses) {
    console.log(`| ${loss} | ${value.toExponential(1)} | ${derivatives.toExponential(1)} |`)
  }
  const equal = losses.every(({ value, derivatives }) => Math.max(value, derivatives) <= BOUNDS.loss)
  const training = await compareTraining(python)
  console.log('\n| DPOTrainer | differs |')
  console.log('| --- | ---: |')
  for (const { what, differs } of training) console.log(`| ${what} | ${differs} |`)
  const exports = await compareAllExports(python)
  console.log('')
  let differing = 0
  for (const [name, peer] of [
    ['transformers 4', python4],
    ['transformers 5', python],
  ] as const) {
    const { plain, prompts } = await differingStrings(peer)
    console.log(`Token ids of ${STRINGS} strings: AutoTokenizer of ${name} gives others for ${plain}.`)
    console.log(`Token ids of ${STRINGS} prompts: AutoTokenizer of ${name} gives others for ${prompts}.`)
    differing += plain + prompts
  }
  const gguf = [await compareGgufOf(join(PROJECT_ROOT, 'models/base'))]
  for (const model of [QWEN3, LLAMA]) gguf.push(await compareGgufFamily(model))
  const templates = await compareTemplates(python)
  for (const { template, differing, of } of templates) {
    console.log(`Chat template ${template}: transformers renders ${differing} of ${of} conversations otherwise.`)
  }
  const alike = training.every(({ holds }) => holds) && templates.every(({ differing }) => differing === 0)
  if (!rows.every(holds) || !adapters || !exports || !equal || gguf.includes(false) || !alike || differing > 0)
    process.exitCode = 1
}

/** Prints how a training with train.py of an export differs from the lab's. Returns whether all is within its bounds. */
async function compareAllExports(python: string): Promise<boolean> {
  const rows = await compareExports(python)
  console.log('\n| export | processes | first loss | first gradients | 20 losses | adapter after 20 steps |')
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |')
  for (const { what, processes, holds, ...row } of rows) {
    const figures = [row.loss, row.gradients, row.lastLoss, row.weights].map((one) => one?.toExponential(1) ?? '')
    console.log(`| ${[what, processes, ...figures].join(' | ')} |`)
  }
  return rows.every(({ holds }) => holds)
}

/** Prints how llama.cpp computes with the GGUF files of a model. Returns whether all is within its bounds. */
async function compareGgufOf(model: string): Promise<boolean> {
  const compared = await compareGguf(resolveModel(model))
  if (compared === null) {
    console.error('llama.cpp is not installed, or there is no C++ compiler; bench/peers.sh installs it.')
    return false
  }
  console.log(`\n| ${compared.peer} | adapter changes | log-probabilities | vocabulary | same answers | other bytes |`)
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |')
  for (const { file, answers, ...row } of compared.rows) {
    const figures = [row.change.toFixed(2), row.logprobs.toExponential(1), row.vocabulary.toExponential(1)]
    console.log(`| ${[file, ...figures, answers.join(' of '), row.otherBytes ?? ''].join(' | ')} |`)
  }
  const [texts, prompts] = [compared.texts, compared.prompts].map((each) => each.join(' of '))
  console.log(`\nllama.cpp's tokenizer gives other ids for ${texts} texts and ${prompts} prompts.`)
  const tokens = compared.prompts[0] === 0 && (compared.texts[0] === 0 || compared.warned)
  return compared.rows.every(({ holds }) => holds) && tokens
}

/** The same with small random weights of another family than the shipped model's. */
async function compareGgufFamily({ name, config }: ParityModel): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'dpo-driver-parity-'))
  try {
    const sizes = { ...config, vocab_size: TINY_VOCAB_SIZE }
    await saveCheckpoint(folder, sizes, randomModel(sizes, 1, 1 / Math.sqrt(config.hidden_size)))
    await writeTinyTokenizer(folder)
    console.log(`\n${name}:`)
    return await compareGgufOf(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Prints the worst figures of each spelling of an adapter. Returns whether all are within their bounds. */
async function compareAllAdapters(pythons: readonly string[]): Promise<boolean> {
  const worst = new Map<string, AdapterRow>()
  const told: string[] = []
  for (const python of pythons) {
    const { rows, warnings } = await compareAdapters(python)
    told.push(...warnings)
    for (const row of rows) {
      const other = worst.get(row.spelling) ?? row
      const most = (key: Exclude<keyof AdapterRow, 'spelling'>) => Math.max(row[key], other[key])
      const figures = { logprobs: most('logprobs'), gradients: most('gradients') }
      worst.set(row.spelling, { spelling: row.spelling, ...figures, again: most('again'), merged: most('merged') })
    }
    console.error(`adapters of ${python}: done`)
  }
  console.log("\n| PEFT's adapter | log-probabilities | gradients | written again | merged |")
  console.log('| --- | ---: | ---: | ---: | ---: |')
  for (const { spelling, ...figures } of worst.values()) {
    const texts = [figures.logprobs, figures.gradients, figures.again, figures.merged].map((one) =>
      one.toExponential(1),
    )
    console.log(`| ${[spelling, ...texts].join(' | ')} |`)
  }
  for (const warning of told) console.error(warning)
  const holds = ({ logprobs, gradients, again, merged }: AdapterRow) =>
    Math.max(logprobs, again, merged) <= BOUNDS.logprob && gradients <= BOUNDS.gradient
  return told.length === 0 && [...worst.values()].every(holds)
}

/** The worse figures of two rows on the same model and weights. */
function worse(a: Row, b: Row): Row {
  return {
    ...a,
    logprobs: Math.max(a.logprobs, b.logprobs),
    vocabulary: Math.max(a.vocabulary, b.vocabulary),
    gradients: a.gradients === null || b.gradients === null ? null : Math.max(a.gradients, b.gradients),
  }
}

const idsSchema = z.object({ plain: z.array(z.array(z.int())), prompts: z.array(z.array(z.int())) })

/** How many strings the shipped tokenizer encodes differently from AutoTokenizer, alone and as a user's message. */
async function differingStrings(python: string): Promise<{ plain: number; prompts: number }> {
  const model = join(PROJECT_ROOT, 'models/base')
  const folder = await mkdtemp(join(tmpdir(), 'dpo-driver-parity-'))
  try {
    const strings = parityStrings(STRINGS, 1)
    await writeFile(join(folder, 'strings.json'), JSON.stringify(strings))
    const files = [model, join(folder, 'strings.json'), join(folder, 'ids.json')]
    await run(python, [join(import.meta.dirname, 'parity_tokens.py'), ...files], {
      timeout: TIME_LIMIT,
      env: { ...process.env, HF_HUB_OFFLINE: '1' },
    })
    const theirs = idsSchema.parse(JSON.parse(await readFile(join(folder, 'ids.json'), 'utf8')))
    const tokenizer = await loadTokenizer(model)
    const other = (ids: Int32Array, wanted: readonly number[]) => ids.join() !== wanted.join()
    const prompt = (content: string) => tokenizer.chatPrompt([{ role: 'user', content }])
    return {
      plain: strings.filter((text, i) => other(tokenizer.encode(text), theirs.plain[i]!)).length,
      prompts: strings.filter((text, i) => other(prompt(text), theirs.prompts[i]!)).length,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function compare(python: string, model: ParityModel, keep: (theirs: Tensors) => void = () => {}): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dpo-driver-parity-'))
  try {
    const { config, base, lora, adapter, tokens, places } = parityModel(model)
    await saveCheckpoint(join(folder, 'base'), config, base)
    await writeTinyTokenizer(join(folder, 'base'))
    // A merged model's config.json names the prompt, under a key that transformers does not know.
    const prompt = 'instruct 0123abcd'
    await saveAdapter(join(folder, 'adapter'), lora, adapter, null, { prompt })
    await mergeAdapter(join(folder, 'base'), join(folder, 'adapter'), join(folder, 'merged'))
    const spec = { tokens: [...tokens], slopes: [...slopes(tokens.length - 1)], places, prompt }
    await writeFile(join(folder, 'spec.json'), JSON.stringify(spec))
    await run(python, [join(import.meta.dirname, 'parity_hf.py'), folder], {
      timeout: TIME_LIMIT,
      env: { ...process.env, HF_HUB_OFFLINE: '1', CUDA_VISIBLE_DEVICES: '' },
    })
    const expected = await readSafetensors(join(folder, 'results.safetensors'))
    keep(expected)

    const engine = await createNativeEngine(config, base)
    await engine.addAdapter('ours', lora, adapter)
    const theirs = await loadAdapter(join(folder, 'theirs'), config)
    await engine.addAdapter('theirs', theirs.lora, theirs.tensors)
    const rows: Row[] = []
    for (const [name, title, target] of [
      ['base', 'base model', null],
      ['ours', 'our adapter in PEFT', 'ours'],
      ['theirs', "PEFT's adapter here", 'theirs'],
    ] as const) {
      const { logprobs, vocabulary, gradients } = await actual(engine, target, tokens, places, config.vocab_size)
      rows.push({
        model: model.name,
        what: title,
        logprobs: mostDifference(logprobs, expected.get(`${name}/logprobs`)!.data),
        vocabulary: mostDifference(vocabulary, expected.get(`${name}/vocabulary`)!.data),
        gradients: worstGradient(gradients, expected, `${name}/gradient/`),
      })
    }
    // The merged model has no adapter, so there are no gradients to compare.
    const { logprobs, vocabulary } = await actual(engine, 'ours', tokens, places, config.vocab_size)
    rows.push({
      model: model.name,
      what: 'our adapter, merged',
      logprobs: mostDifference(logprobs, expected.get('merged/logprobs')!.data),
      vocabulary: mostDifference(vocabulary, expected.get('merged/vocabulary')!.data),
      gradients: null,
    })
    await engine.close()
    return rows
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function actual(
  engine: Engine,
  target: AdapterName,
  tokens: Int32Array,
  places: readonly number[],
  vocabulary: number,
) {
  await engine.train(target)
  const { logprobs } = await engine.accumulate(parityForest(tokens), (scores) => slopes(scores.logprobs.length))
  const gradients = await engine.gradients()
  const rows: Float32Array[] = []
  for (const place of places) {
    const prefix: Forest = [{ tokens: tokens.slice(0, place + 1), parent: -1, targetStart: place + 1 }]
    const each = Array.from({ length: vocabulary }, (_, id) => ({
      tokens: Int32Array.of(id),
      parent: 0,
      targetStart: 0,
    }))
    rows.push((await engine.logprobs([...prefix, ...each], target)).logprobs)
  }
  return { logprobs, vocabulary: Float32Array.from(rows.flatMap((row) => [...row])), gradients }
}

await main()
