/** Trains the base model on lessons. A training that was stopped goes on as if it had not been. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { saveCheckpoint } from '../../main/engine/checkpoint/checkpoint.ts'
import type { AdamW, ModelConfig } from '../../main/engine/engine.ts'
import { qwen2 } from '../../main/engine/families.ts'
import { createNativeEngine, type NativeOptions } from '../../main/engine/native/engine.ts'
import { loadTokenizer } from '../../main/engine/tokenizer/tokenizer.ts'
import { makeFolder, writeFileAtomic } from '../../main/files/file.ts'
import { english } from '../../main/messages/say.ts'
import { heldOutAccuracy } from './accuracy.ts'
import { SPECIAL_TOKENS, tokenizerConfigJson, tokenizerJson, trainBpe } from './bpe.ts'
import { modelCard } from './card.ts'
import { makeLessons } from './curriculum.ts'
import { initialise } from './initialise.ts'
import { lessonForest } from './lesson-tokens.ts'
import { rateAt } from './schedule.ts'
import { type Progress, readState, type Settings, writeState } from './state.ts'

export interface Plan {
  readonly settings: Settings
  /** Optimiser steps in all, over all sittings. */
  readonly steps: number
  /** Share of the steps over which the rate falls at the end. */
  readonly decay: number
  /** Where a training that is under way has its state, and its model as of the last measurement. */
  readonly folder: string
  /** Where the finished model goes. */
  readonly out: string
  readonly engine: Pick<NativeOptions, 'threads' | 'products'>
  /** Seconds between two saves of the state. */
  readonly saveEvery?: number
  /** Steps between two measurements on held-out lessons. */
  readonly measureEvery?: number
  /** Lessons that the tokenizer is made from, and those that the model is measured on. */
  readonly lessons?: { readonly tokenizer: number; readonly heldOut: number }
  /** Steps between two lines of the log. */
  readonly logEvery?: number
  /** Stops the training after a step, with its state saved. */
  readonly signal?: AbortSignal
  readonly log?: (line: string) => void
}

const WARMUP_STEPS = 100
/** Lessons from this seed on make the tokenizer. They are in no training. */
const TOKENIZER_SEED = 77
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json', 'generation_config.json'] as const
const ADAM_W: Omit<AdamW, 'learning_rate'> = {
  adam_beta1: 0.9,
  adam_beta2: 0.98,
  adam_epsilon: 1e-8,
  weight_decay: 0.01,
  max_grad_norm: 1,
}

export function configOf({ pages, learning_rate, seed, ...shape }: Settings): ModelConfig {
  return qwen2({
    ...shape,
    rms_norm_eps: 1e-6,
    rope_theta: 10_000,
    max_position_embeddings: 4096,
    tie_word_embeddings: true,
  })
}

/**
 * Trains from the state in the plan's folder, or from nothing. Returns whether the training is finished; then the model is in
 * `out`, and the state has stayed. The same plan gives the same weights, however often it is stopped, with the same threads
 * and instructions. Throws an Error if the folder's training began with other settings.
 */
export async function pretrain(plan: Plan): Promise<boolean> {
  const { settings, steps, folder, signal, log = () => {} } = plan
  const { saveEvery = 300, measureEvery = 500, logEvery = 50 } = plan
  const { lessons = { tokenizer: 3000, heldOut: 400 } } = plan
  const state = await readState(folder, configOf)
  if (state !== undefined) demandSame(folder, state.settings, settings)
  const config = configOf(settings)
  writeTokenizer(folder, settings, lessons.tokenizer)
  const tokenizer = await loadTokenizer(folder)
  const engine = await createNativeEngine(config, state?.weights ?? initialise(config, settings.seed), plan.engine)
  try {
    await engine.train(null)
    if (state !== undefined) await engine.setOptimizerState(state.optimizer)
    const description = english(engine.description)
    const {
      step: first = 0,
      sittings = 0,
      ...before
    } = state?.progress ?? { seconds: 0, tokens: 0, answers: 0, loss: 0 }
    let progress: Progress = { ...before, step: first, sittings: sittings + (first < steps ? 1 : 0) || 1 }
    log(`${description}; from step ${first} to ${steps}`)
    const save = async () =>
      writeState(folder, {
        settings,
        progress,
        weights: await engine.baseWeights(),
        optimizer: await engine.optimizerState(),
      })
    const measure = async (to: string) => {
      const accuracy = await heldOutAccuracy(engine, tokenizer, lessons.heldOut)
      log([...accuracy].map(([kind, { right, of }]) => `${kind} ${((100 * right) / of).toFixed(1)}`).join('  '))
      const files = Object.fromEntries(TOKENIZER_FILES.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
      const measured = Object.fromEntries([...accuracy].map(([kind, { right, of }]) => [kind, right / of]))
      await saveCheckpoint(to, config, await engine.baseWeights(), {
        ...files,
        'training.json': `${JSON.stringify({ ...progress, accuracy: measured }, null, 2)}\n`,
        'README.md': modelCard({ config, progress, accuracy, description }),
      })
    }
    const began = performance.now()
    let saved = began
    const recent = { loss: 0, hits: 0, targets: 0 }
    while (progress.step < steps && !signal?.aborted) {
      const { step } = progress
      const forest = lessonForest(makeLessons(lessonSeed(settings, step), settings.pages), tokenizer)
      const { logprobs, hits } = await engine.accumulate(forest, ({ logprobs }) =>
        new Float32Array(logprobs.length).fill(-1 / logprobs.length),
      )
      const rate = { ...settings, warmup_steps: WARMUP_STEPS, max_steps: steps, decay: plan.decay }
      await engine.step({ ...ADAM_W, learning_rate: rateAt(step, rate) })
      recent.loss -= sum(logprobs)
      recent.hits += sum(hits)
      recent.targets += logprobs.length
      progress = {
        ...progress,
        step: step + 1,
        tokens: progress.tokens + forest.reduce((count, { tokens }) => count + tokens.length, 0),
        answers: progress.answers + forest.filter(({ parent }) => parent !== -1).length,
        seconds: before.seconds + (performance.now() - began) / 1000,
      }
      if (progress.step % logEvery === 0 || progress.step === steps) {
        progress = { ...progress, loss: recent.loss / recent.targets }
        log(
          `step ${progress.step}/${steps}  loss ${progress.loss.toFixed(4)}  token accuracy ${(recent.hits / recent.targets).toFixed(4)}  ${Math.round(progress.tokens / progress.seconds)} tokens/s  ${Math.round(progress.seconds)} s`,
        )
        Object.assign(recent, { loss: 0, hits: 0, targets: 0 })
      }
      if (performance.now() - saved > 1000 * saveEvery) {
        await save()
        saved = performance.now()
      }
      if (progress.step % measureEvery === 0 && progress.step < steps) await measure(folder)
    }
    await save()
    const finished = progress.step >= steps
    if (finished) await measure(plan.out)
    return finished
  } finally {
    await engine.close()
  }
}

/** A step's lessons follow from its number, so a training that goes on reads what it would have read. */
function lessonSeed({ seed }: Settings, step: number): number {
  return seed * 1_000_003 + step
}

function demandSame(folder: string, began: Settings, wanted: Settings): void {
  for (const key of Object.keys(began) as (keyof Settings)[]) {
    if (began[key] === wanted[key]) continue
    throw new Error(
      `The training in ${folder} began with ${key} ${began[key]}, not ${wanted[key]}. Go on with the same settings, or choose another folder with --folder.`,
    )
  }
}

/** Trains the tokenizer on lessons of its own, and writes its files, if they are not there. */
function writeTokenizer(folder: string, settings: Settings, lessons: number): void {
  if (TOKENIZER_FILES.every((name) => existsSync(join(folder, name)))) return
  makeFolder(folder)
  const texts = makeLessons(settings.seed + TOKENIZER_SEED, lessons).flatMap(({ page, answers }) => [
    page,
    ...answers.flatMap(({ task, completion }) => [task, completion]),
  ])
  const bpe = trainBpe(texts, settings.vocab_size)
  if (SPECIAL_TOKENS.some((token) => bpe.vocab[token] === undefined))
    throw new Error('The vocabulary lacks a special token.')
  const stop = [bpe.vocab['<|im_end|>'], bpe.vocab['<|endoftext|>']]
  const { max_position_embeddings } = configOf(settings)
  writeFileAtomic(join(folder, 'tokenizer.json'), tokenizerJson(bpe))
  writeFileAtomic(join(folder, 'tokenizer_config.json'), tokenizerConfigJson(max_position_embeddings))
  const generation = { eos_token_id: stop, pad_token_id: stop[1] }
  writeFileAtomic(join(folder, 'generation_config.json'), `${JSON.stringify(generation, null, 2)}\n`)
}

function sum(values: Float32Array | Uint8Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}
