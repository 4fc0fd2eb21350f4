/** Converts stored texts to the tokens that training takes. */
import { type ChatMessage, userMessageOf } from '../../agent/prompt.ts'
import type { AgentTexts } from '../../agent/texts.ts'
import type { Config } from '../../config/schema.ts'
import { projectPath, shownPath } from '../../files/paths.ts'
import { UserError } from '../../messages/error.ts'
import { message, type Value } from '../../messages/message.ts'
import type { JudgedStep } from '../../preferences/advantages.ts'
import { readText } from '../../preferences/data-file.ts'
import { type FilePair, readablePairs } from '../../preferences/dataset.ts'
import { type FileSample, splitGolden } from '../../preferences/golden.ts'
import type { SuccessStep } from '../../preferences/successes.ts'
import type { StoredPair } from '../../store/pairs.ts'
import type { Judged } from '../../training/policy-gradient.ts'
import type { TokenPair } from '../../training/preference.ts'
import type { Example } from '../../training/sft.ts'
import type { StageContext } from '../stage.ts'
import { goldenSet, setGoldenSet } from './golden-set.ts'
import type { Placed } from './lengths.ts'

/** The golden samples of the run: those to train on, and those held out. */
export async function goldenExamples(
  model: AgentTexts,
  context: Pick<StageContext, 'config' | 'store' | 'run' | 'say'>,
): Promise<{ readonly train: Placed<Example>[]; readonly heldOut: Placed<Example>[] }> {
  const { config } = context
  const { samples_per_task, held_out_per_task } = config.golden
  const path = shownPath(config.paths.sft_data)
  const samples = await goldenSet(context)
  const { train, heldOut } = splitGolden(samples, config.tasks, samples_per_task, held_out_per_task)
  if (train.length > 0) setGoldenSet(context, samples)
  const example = ({ prompt, completion, line }: FileSample): Placed<Example> => ({
    item: { prompt: goldenTokens(model, prompt), completion: model.completionTokens(completion) },
    place: () => (line === null ? path : `${path}:${line}`),
  })
  return { train: train.map(example), heldOut: heldOut.map(example) }
}

/** The lab's own prompts are written in one form, and learned in the one that the model plays with; others stay. */
function goldenTokens(model: AgentTexts, prompt: readonly ChatMessage[]): Int32Array {
  const content = userMessageOf(prompt)
  return content === undefined ? model.messageTokens(prompt) : model.userTokens(content)
}

/** A step of the agent's own success. */
export function successExample(model: AgentTexts, { task, seed, ...step }: SuccessStep): Placed<Example> {
  return {
    item: { prompt: model.userTokens(step.prompt), completion: model.completionTokens(step.completion) },
    place: () => message('stepOfSuccess', { task, seed }),
  }
}

/** A step of an attempt, with its advantage. */
export function judgedExample(model: AgentTexts, { task, seed, ...step }: JudgedStep): Placed<Judged> {
  return {
    item: {
      prompt: model.userTokens(step.prompt),
      completion: Int32Array.from(step.tokens),
      advantage: step.advantage,
    },
    place: () => message('stepOfAttempt', { task, seed }),
  }
}

/** The tokens of a pair. */
export function tokenPair(model: AgentTexts, pair: Pick<StoredPair, 'prompt' | 'chosen' | 'rejected'>): TokenPair {
  return {
    prompt: model.userTokens(pair.prompt),
    chosen: model.completionTokens(pair.chosen),
    rejected: model.completionTokens(pair.rejected),
  }
}

/** The pairs of the preference file, the last line first; none where it cannot be read. */
function readable(path: string): readonly FilePair[] {
  try {
    return [...readablePairs(readText(path) ?? '')].reverse()
  } catch (error) {
    if (error instanceof UserError) return []
    throw error
  }
}

/**
 * Returns a function that says where a person finds a pair: its line in the preference file of the configuration, else its
 * number in the store.
 */
export function pairPlaces({ paths }: Config): (pair: StoredPair) => Value {
  const path = projectPath(paths.preference_data)
  let lines: Map<string, number> | undefined
  const keyOf = ({ prompt, chosen, rejected }: Pick<StoredPair, 'prompt' | 'chosen' | 'rejected'>) =>
    JSON.stringify([prompt, chosen, rejected])
  return (pair) => {
    lines ??= new Map(readable(path).map((line) => [keyOf(line), line.line]))
    const line = lines.get(keyOf(pair))
    const { id, task, seed, step } = pair
    return line === undefined ? message('pairName', { id, task, seed, step }) : `${shownPath(path)}:${line}`
  }
}
