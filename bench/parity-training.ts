/**
 * Compares what preference training is given and what it reports with TRL's DPOTrainer: the tokens of pairs with and without
 * `max_length`, and the figures of a step.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { SYSTEM_PROMPT } from '../main/agent/prompt.ts'
import type { DLoss, Forest, Scores } from '../main/engine/engine.ts'
import { uniformStream } from '../main/engine/random.ts'
import { loadTokenizer, type Tokenizer } from '../main/engine/tokenizer/tokenizer.ts'
import { PROJECT_ROOT } from '../main/files/paths.ts'
import { type TokenPair, trainPreference } from '../main/training/preference.ts'
import type { Metrics } from '../main/training/terms.ts'
import { PAIRS, truncate } from '../main/training/truncate.ts'
import { createBigramEngine } from '../testing/bigram-engine.ts'
import { parityStrings } from './parity-strings.ts'

const run = promisify(execFile)

/** Time limit for Python, in milliseconds. Most of the time goes into loading libraries. */
const TIME_LIMIT = 300_000
const PAIR_COUNT = 300
const CASES = 100
/** null and lengths that cut some, and drop some. */
const MAX_LENGTHS = [null, 160, 130, 100, 88]

const answeredSchema = z.object({
  sequences: z.array(
    z.array(
      z.object({
        index: z.int(),
        sequences: z.tuple([z.array(z.int()), z.array(z.int())]),
        prompts: z.tuple([z.int(), z.int()]),
      }),
    ),
  ),
  figures: z.array(z.record(z.string(), z.number())),
})

/** What TRL has otherwise. */
export interface TrainingRow {
  readonly what: string
  /** How many of how many sequences differ, or the largest difference of a figure. */
  readonly differs: string
  readonly holds: boolean
}

/** Compares tokens and figures. */
export async function compareTraining(python: string): Promise<TrainingRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dpo-driver-training-'))
  try {
    const model = join(PROJECT_ROOT, 'models/base')
    const pairs = somePairs()
    const cases = someCases()
    const [asked, answered] = [join(folder, 'asked.json'), join(folder, 'answered.json')]
    await writeFile(asked, JSON.stringify({ pairs, cases, max_lengths: MAX_LENGTHS }))
    await run(python, [join(import.meta.dirname, 'parity_training.py'), model, asked, answered], {
      timeout: TIME_LIMIT,
      env: { ...process.env, HF_HUB_OFFLINE: '1', CUDA_VISIBLE_DEVICES: '' },
    })
    const theirs = answeredSchema.parse(JSON.parse(await readFile(answered, 'utf8')))
    const tokenizer = await loadTokenizer(model)
    return [
      ...MAX_LENGTHS.map((max_length, at) => sequencesRow(tokenizer, pairs, max_length, theirs.sequences[at] ?? [])),
      ...(await figureRows(cases, theirs.figures)),
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

type Texts = ReturnType<typeof somePairs>[number]
type Theirs = z.output<typeof answeredSchema>['sequences'][number]

/** Pairs in TRL's conversational form, with texts of many scripts and lengths. */
function somePairs() {
  const strings = parityStrings(3 * PAIR_COUNT, 5)
  return Array.from({ length: PAIR_COUNT }, (_, i) => {
    const [page = '', chosen = '', rejected = ''] = strings.slice(3 * i, 3 * i + 3)
    return {
      prompt: [
        { role: 'system', content: SYSTEM_PROMPT },
        { role: 'user', content: `Page:\n${page}` },
      ],
      chosen: [{ role: 'assistant', content: `Thought: ${chosen}` }],
      rejected: [{ role: 'assistant', content: `Thought: ${rejected}` }],
    }
  })
}

/**
 * TRL's completions have what the chat template writes after an answer, a newline after the stop token. With it, ours must be
 * the same.
 */
function sequencesRow(tokenizer: Tokenizer, pairs: readonly Texts[], max_length: number | null, theirs: Theirs) {
  const [newline = 0] = tokenizer.encode('\n')
  const completion = (content: string) =>
    Int32Array.from([...tokenizer.encode(content), tokenizer.stopTokenIds[0]!, newline])
  const ours = pairs.map((pair, index) => ({
    index,
    prompt: tokenizer.chatPrompt(pair.prompt),
    chosen: completion(pair.chosen[0]!.content),
    rejected: completion(pair.rejected[0]!.content),
  }))
  const kind = {
    length: PAIRS.length,
    keepStart: (pair: TokenPair & { readonly index: number }, most: number) => {
      const cut = PAIRS.keepStart(pair, most)
      return cut === null ? null : { ...cut, index: pair.index }
    },
  }
  const { kept, cut, dropped } = truncate(ours, max_length ?? Number.POSITIVE_INFINITY, kind)
  const same = kept.filter(({ index, prompt, chosen, rejected }, at) => {
    const other = theirs[at]
    return (
      other?.index === index &&
      [chosen, rejected].every(
        (answer, side) =>
          [...prompt, ...answer].join() === other.sequences[side]!.join() && other.prompts[side] === prompt.length,
      )
    )
  }).length
  const differing = Math.max(kept.length, theirs.length) - same
  const limit = max_length === null ? 'no max_length' : `max_length ${max_length}: ${cut} cut, ${dropped} left out`
  return {
    what: `pairs as tokens, ${limit}`,
    differs: `${differing} of ${PAIR_COUNT}`,
    holds: differing === 0,
  }
}

interface Case {
  readonly beta: number
  readonly chosen: readonly number[]
  readonly rejected: readonly number[]
  readonly hits: readonly [readonly number[], readonly number[]]
  readonly entropies: readonly [readonly number[], readonly number[]]
  readonly refChosen: number
  readonly refRejected: number
}

function someCases(): Case[] {
  const uniform = uniformStream(7)
  const some = (length: number, value: () => number) => Array.from({ length }, value)
  return Array.from({ length: CASES }, () => {
    const lengths = [1 + Math.floor(uniform() * 40), 1 + Math.floor(uniform() * 40)] as const
    const both = (value: () => number) => [some(lengths[0], value), some(lengths[1], value)] as const
    const [chosen, rejected] = both(() => Math.log(1 - uniform()))
    return {
      beta: 0.1,
      chosen,
      rejected,
      hits: both(() => (uniform() < 0.6 ? 1 : 0)),
      entropies: both(() => 3 * uniform()),
      refChosen: -20 * uniform(),
      refRejected: -20 * uniform(),
    }
  })
}

/** The figures that both have by one name, but for `num_tokens`: TRL counts the prompt once for each answer. */
async function figureRows(cases: readonly Case[], theirs: readonly Metrics[]): Promise<TrainingRow[]> {
  const worst = new Map<string, number>()
  for (const [at, one] of cases.entries()) {
    const ours = await figuresOf(one)
    for (const [name, value] of Object.entries(theirs[at]!)) {
      const own = ours[name]
      if (own === undefined || name === 'num_tokens') continue
      worst.set(name, Math.max(worst.get(name) ?? 0, Math.abs(own - value) / Math.max(1, Math.abs(value))))
    }
  }
  return [...worst].map(([what, value]) => ({ what, differs: value.toExponential(1), holds: value < 1e-5 }))
}

/** What one step on one pair reports, with an engine that gives the case's values. */
async function figuresOf({ beta, chosen, rejected, hits, entropies, refChosen, refRejected }: Case): Promise<Metrics> {
  const engine = createBigramEngine()
  const scores: Scores = {
    logprobs: Float32Array.from([...chosen, ...rejected]),
    entropies: Float32Array.from(entropies.flat()),
    hits: Uint8Array.from(hits.flat()),
    starts: Int32Array.of(0, 0, chosen.length),
    counts: Int32Array.of(0, chosen.length, rejected.length),
  }
  const given = {
    ...engine,
    async accumulate(_: Forest, dLoss: DLoss) {
      await dLoss(scores)
      return scores
    },
  }
  let seen: Metrics = {}
  const pair = {
    prompt: Int32Array.of(1),
    chosen: new Int32Array(chosen.length),
    rejected: new Int32Array(rejected.length),
  }
  await trainPreference({
    engine: given,
    adapter: null,
    golden: [],
    objective: {
      method: 'dpo',
      pairs: [pair],
      reference: [{ chosen: refChosen, rejected: refRejected, mismatched: 0 }],
      examples: [],
    },
    options: {
      learning_rate: 0,
      lr_scheduler_type: 'constant',
      warmup_steps: 0,
      max_steps: 1,
      batch_size: 1,
      grad_accumulation_steps: 1,
      weight_decay: 0,
      max_grad_norm: 0,
      seed: 1,
      loss_type: 'sigmoid',
      beta,
      label_smoothing: 0,
      desirable_weight: 1,
      undesirable_weight: 1,
      rpo_alpha: 0,
      imitation: 0,
      replay: 0,
      max_length: null,
    },
    hooks: { onStep: (_, metrics) => (seen = metrics) },
  })
  return seen
}
