/** What the stage `dpo` learns from, in tokens. It needs the model's texts and sizes, but no engine. */
import type { AgentTexts } from '../../agent/texts.ts'
import type { PolicyGradient } from '../../config/choices.ts'
import type { ModelConfig } from '../../engine/engine.ts'
import { controlsOf } from '../../evaluation/arms.ts'
import { UserError } from '../../messages/error.ts'
import { judgedSteps } from '../../preferences/advantages.ts'
import { successSteps } from '../../preferences/successes.ts'
import { mapInTurns } from '../../preferences/turns.ts'
import type { RoundKey } from '../../store/keys.ts'
import type { StoredPair } from '../../store/pairs.ts'
import type { Judged } from '../../training/policy-gradient.ts'
import type { TokenPair } from '../../training/preference.ts'
import type { Example } from '../../training/sft.ts'
import { EXAMPLES, JUDGED, PAIRS } from '../../training/truncate.ts'
import type { StageContext } from '../stage.ts'
import { goldenExamples, judgedExample, pairPlaces, successExample, tokenPair } from './examples.ts'
import { LengthLimit } from './lengths.ts'

export interface Material {
  readonly pairs: readonly TokenPair[]
  /** Every step of the successes in the collected episodes. */
  readonly examples: readonly Example[]
  /** Steps of all attempts, for each policy gradient that is wanted. */
  readonly judged: ReadonlyMap<PolicyGradient, readonly Judged[]>
  readonly golden: readonly Example[]
  /** What their lengths were fitted to. */
  readonly limit: LengthLimit
}

export type MaterialContext = Pick<StageContext, 'config' | 'store' | 'run' | 'round' | 'say' | 'signal'>

/**
 * The material from these pairs, and from the episodes of the collection that they are of. Throws UserError where golden
 * samples should be replayed and there are none, and for sequences that are too long.
 */
export async function materialOf(
  context: MaterialContext,
  texts: AgentTexts,
  shape: Pick<ModelConfig, 'max_position_embeddings'>,
  trainingSet: { readonly pairs: readonly StoredPair[]; readonly collection: RoundKey | undefined },
): Promise<Material> {
  const { config, store, signal } = context
  const place = pairPlaces(config)
  const stored = await mapInTurns(
    trainingSet.pairs,
    (pair) => ({ item: tokenPair(texts, pair), place: () => place(pair) }),
    signal,
  )
  const replays = config.training.dpo.replay > 0
  const { train } = replays || trainsControls(context) ? await goldenExamples(texts, context) : { train: [] }
  if (train.length === 0 && replays) throw new UserError('noSampleToReplay', { path: config.paths.sft_data })
  const limit = new LengthLimit('dpo', config, shape)
  const pairs = limit.fitSome('pairs', stored, PAIRS)
  const golden = replays ? limit.fitSome('golden', train, EXAMPLES) : limit.fit('golden', train, EXAMPLES)
  const { collection } = trainingSet
  const episodes = collection === undefined ? [] : store.episodes.of({ ...collection, stage: 'collect', arm: '' })
  const successes = await mapInTurns(successSteps(episodes), (step) => successExample(texts, step), signal)
  const examples = limit.fit('successes', successes, EXAMPLES)
  const judged = new Map<PolicyGradient, readonly Judged[]>()
  for (const method of context.round === 1 ? config.evaluation.policy_gradients : []) {
    const steps = await mapInTurns(judgedSteps(method, episodes), (step) => judgedExample(texts, step), signal)
    judged.set(method, limit.fit('attempts', steps, JUDGED))
  }
  return { pairs, golden, examples, judged, limit }
}

/** Controls are trained in the first round, in which all arms start from SFT. */
export function trainsControls({ round, config }: Pick<StageContext, 'round' | 'config'>): boolean {
  return round === 1 && controlsOf(config.evaluation).length > 0
}
