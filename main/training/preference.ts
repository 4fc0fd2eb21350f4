/**
 * Preference training from pairs, and the controls that it has to beat. All use the same loop, the same number of steps and
 * the same replay of golden samples. They differ only in the term that comes from episodes.
 */
import type { PolicyGradient } from '../config/choices.ts'
import type { AdapterName, Engine, Scores } from '../engine/engine.ts'
import { UserError } from '../messages/error.ts'
import { plant, type Sequence, segmentLogp, targets } from './forest.ts'
import { type LossType, type PairLogps, type PairLoss, PREFERENCE_LOSSES, withChosenNll } from './losses.ts'
import {
  demandFinite,
  optimize,
  type TrainingHooks,
  type TrainingOptions,
  type TrainingResult,
  type Validation,
} from './optimize.ts'
import { batchIndices, mix } from './order.ts'
import { type Judged, policyGradientTerm } from './policy-gradient.ts'
import { type Example, nllTerm, TokenTally } from './sft.ts'
import type { Batch, Metrics, Term } from './terms.ts'

/** Two completions of one prompt, in tokens, each with its stop token. */
export interface TokenPair {
  readonly prompt: Int32Array
  readonly chosen: Int32Array
  readonly rejected: Int32Array
}

/** A pair's log-probabilities under the reference policy: sums over completion tokens, in nats. */
export interface ReferenceLogps {
  readonly chosen: number
  readonly rejected: number
  /** Of another pair's chosen completion after this prompt, for KTO's estimate of the KL; 0 for other losses. */
  readonly mismatched: number
}

export interface PreferenceOptions extends TrainingOptions {
  readonly loss_type: LossType
  readonly beta: number
  readonly label_smoothing: number
  readonly desirable_weight: number
  readonly undesirable_weight: number
  /** Weight of the chosen completions' NLL, added to the preference loss (RPO). */
  readonly rpo_alpha: number
  /**
   * Weight of the NLL of all steps of the agent's own successes, beside the pairs. A pair covers only one step. Only this
   * term keeps right actions that no pair covers.
   */
  readonly imitation: number
  /** Weight of the golden samples' NLL in every step. Without it training forgets whole tasks. */
  readonly replay: number
  /** The most tokens of a sequence, which its caller has cut to it; null for the model's positions. */
  readonly max_length: number | null
}

/** What is learned from the episodes. Every objective also replays the golden samples. */
export type Objective =
  /** Pairs, by a preference loss; `reference` holds one entry a pair (`referenceLogps`). */
  | {
      readonly method: 'dpo'
      readonly pairs: readonly TokenPair[]
      readonly reference: readonly ReferenceLogps[]
      /** Every step of the agent's own successes. */
      readonly examples: readonly Example[]
    }
  /** Control: imitate the chosen completions of the pairs. */
  | { readonly method: 'nll_chosen'; readonly pairs: readonly TokenPair[] }
  /** Control: imitate every step of the agent's own successes. */
  | { readonly method: 'success_sft'; readonly examples: readonly Example[] }
  /** By policy gradient: steps of all attempts; `played` holds one entry a step (`playedLogps`). */
  | {
      readonly method: PolicyGradient
      readonly judged: readonly Judged[]
      readonly played: readonly (Float32Array | undefined)[]
    }
  /** Control: the golden samples alone. */
  | { readonly method: 'replay' }

export interface PreferenceJob {
  readonly engine: Engine
  /** What is trained: an adapter, or null for all base weights. It starts with the SFT policy's weights. */
  readonly adapter: AdapterName
  readonly objective: Objective
  readonly golden: readonly Example[]
  readonly options: PreferenceOptions
  readonly hooks?: TrainingHooks
  /** Held-out evaluation. With it training stops when eval_loss no longer falls, and keeps the best weights. */
  readonly validation?: Validation
}

/** Trains on the objective's data and the golden samples. Throws as `optimize` does, and if there is no data. */
export async function trainPreference(job: PreferenceJob): Promise<TrainingResult> {
  const { engine, adapter, objective, golden, options, hooks, validation } = job
  const terms = objectiveTerms(engine, adapter, objective, options)
  const replay = { ...options, batch_size: replayedSamples(options) }
  const weight = objective.method === 'replay' ? 1 : options.replay
  if (weight > 0) terms.push(nllTerm(golden, replay, weight, 'replay/'))
  return optimize(engine, adapter, terms, options, hooks, validation)
}

/** Golden samples beside a batch. Half as many are enough: they are few, so each comes often. */
export function replayedSamples({ batch_size }: Pick<TrainingOptions, 'batch_size'>): number {
  return Math.ceil(batch_size / 2)
}

/** How many pairs, steps of own successes and golden samples there are; or which of them a step sees. */
export interface ByTerm<T> {
  readonly pairs: T
  readonly successes: T
  readonly golden: T
}

/** Which data step `step` (from 0) of DPO sees, as indices; none of what has no weight. For those who train elsewhere. */
export function stepBatches(counts: ByTerm<number>, step: number, options: PreferenceOptions): ByTerm<number[]> {
  const { batch_size, grad_accumulation_steps, seed } = options
  const batch = (count: number, size: number) =>
    count === 0 ? [] : batchIndices(count, size * grad_accumulation_steps, step, seed)
  return {
    pairs: batch(counts.pairs, batch_size),
    successes: options.imitation > 0 ? batch(counts.successes, batch_size) : [],
    golden: options.replay > 0 ? batch(counts.golden, replayedSamples(options)) : [],
  }
}

function objectiveTerms(
  engine: Engine,
  adapter: AdapterName,
  objective: Objective,
  options: PreferenceOptions,
): Term[] {
  switch (objective.method) {
    case 'dpo': {
      const pairs = pairTerm(engine, adapter, objective.pairs, objective.reference, options)
      const imitates = options.imitation > 0 && objective.examples.length > 0
      return imitates ? [pairs, nllTerm(objective.examples, options, options.imitation, 'imitation/')] : [pairs]
    }
    case 'nll_chosen':
      return [nllTerm(objective.pairs.map(chosenExample), options)]
    case 'success_sft':
      return [nllTerm(objective.examples, options)]
    case 'rloo':
    case 'grpo':
      return [policyGradientTerm(objective.method, objective.judged, objective.played, options)]
    case 'replay':
      return []
  }
}

function chosenExample({ prompt, chosen }: TokenPair): Example {
  return { prompt, completion: chosen }
}

/**
 * The pairs' log-probabilities under the reference: the SFT policy at the start of preference training, frozen under the
 * name `adapter` (null: the engine's base weights). They are computed once; training never runs the reference again. The
 * signal ends it early. Throws UserError where they are not finite.
 */
export async function referenceLogps(
  engine: Engine,
  adapter: AdapterName,
  pairs: readonly TokenPair[],
  options: Pick<PreferenceOptions, 'loss_type' | 'batch_size' | 'max_length'>,
  signal?: AbortSignal,
): Promise<ReferenceLogps[]> {
  const logps: ReferenceLogps[] = []
  for (let start = 0; start < pairs.length; start += options.batch_size) {
    const part = pairs.slice(start, start + options.batch_size)
    const { forest, segments } = plant(part.flatMap(pairSequences))
    const scores = await engine.logprobs(forest, adapter, signal)
    if (!scores.logprobs.every(Number.isFinite)) throw new UserError('referenceNotFinite')
    const mismatched =
      options.loss_type === 'kto'
        ? await sequenceLogps(
            engine,
            adapter,
            part.map((_, i) => mismatch(pairs, start + i, mostTokens(engine, options))),
            signal,
          )
        : part.map(() => 0)
    part.forEach((_, i) => {
      logps.push({
        chosen: segmentLogp(scores, segments[2 * i]!),
        rejected: segmentLogp(scores, segments[2 * i + 1]!),
        mismatched: mismatched[i]!,
      })
    })
  }
  return logps
}

/** eval_loss and the eval_rewards/ and eval_logps/ figures of held-out pairs. */
export async function evaluatePairs(
  engine: Engine,
  adapter: AdapterName,
  pairs: readonly TokenPair[],
  reference: readonly ReferenceLogps[],
  options: PreferenceOptions,
): Promise<Metrics & { readonly eval_loss: number }> {
  const tally = new PairTally(options.beta)
  for (let start = 0; start < pairs.length; start += options.batch_size) {
    const indices = pairs.slice(start, start + options.batch_size).map((_, i) => start + i)
    const kl = await estimateKl(engine, adapter, pairs, reference, indices, options)
    const { forest, segments } = plant(indices.flatMap((index) => pairSequences(pairs[index]!)))
    const scores = await engine.logprobs(forest, adapter)
    indices.forEach((index, i) => {
      const seen = pairLogps(scores, segments[2 * i]!, segments[2 * i + 1]!, reference[index]!, kl)
      tally.add(seen, pairLoss(options)(seen, options))
    })
  }
  const metrics = Object.entries({ loss: tally.loss(), ...tally.metrics() }).map(([name, value]) => [
    `eval_${name}`,
    value,
  ])
  return { eval_loss: tally.loss(), ...Object.fromEntries(metrics) }
}

/**
 * The mean preference loss over the pairs of a step. As in TRL's DPOTrainer, `entropy` averages over the tokens of both
 * answers, and `mean_token_accuracy` over those of the chosen one alone.
 */
function pairTerm(
  engine: Engine,
  adapter: AdapterName,
  pairs: readonly TokenPair[],
  reference: readonly ReferenceLogps[],
  options: PreferenceOptions,
): Term {
  if (pairs.length === 0) throw new Error('There are no pairs to train on.')
  if (reference.length !== pairs.length) throw new Error('Every pair needs its reference log-probabilities.')
  const lossOf = pairLoss(options)
  return {
    prompts: pairs.map(({ prompt }) => prompt),
    async prepare(step, signal) {
      const size = options.batch_size * options.grad_accumulation_steps
      const drawn = batchIndices(pairs.length, size, step, options.seed)
      const tally = new PairTally(options.beta)
      const both = new TokenTally()
      const chosenAlone = new TokenTally()
      const batches: Batch[] = []
      for (let start = 0; start < size; start += options.batch_size) {
        const indices = drawn.slice(start, start + options.batch_size)
        const kl = await estimateKl(engine, adapter, pairs, reference, indices, options, signal)
        batches.push({
          sequences: indices.flatMap((index) => pairSequences(pairs[index]!)),
          dropoutSeed: mix(mix(options.seed, step), start),
          derive(scores, segments, derivatives) {
            indices.forEach((index, i) => {
              const [chosen, rejected] = [segments[2 * i]!, segments[2 * i + 1]!]
              const seen = pairLogps(scores, chosen, rejected, reference[index]!, kl)
              const loss = lossOf(seen, options)
              demandFinite(loss.loss, step)
              tally.add(seen, loss)
              // A completion's log-probability is the sum over its tokens, so each token has the sum's derivative.
              fill(derivatives, scores, chosen, loss.dChosen / size)
              fill(derivatives, scores, rejected, loss.dRejected / size)
            })
            both.add(scores, segments)
            chosenAlone.add(
              scores,
              indices.map((_, i) => segments[2 * i]!),
            )
          },
        })
      }
      return {
        batches,
        report() {
          const { entropy } = both.means()
          const { mean_token_accuracy } = chosenAlone.means()
          return { loss: tally.loss(), metrics: { entropy, mean_token_accuracy, ...tally.metrics() } }
        },
      }
    },
  }
}

function pairLoss(options: PreferenceOptions) {
  const loss = PREFERENCE_LOSSES[options.loss_type]
  return options.rpo_alpha > 0 ? withChosenNll(loss, options.rpo_alpha) : loss
}

/** A pair's two sequences: with chosen, then with rejected. */
export function pairSequences({ prompt, chosen, rejected }: TokenPair): Sequence[] {
  return [
    { prompt, completion: chosen },
    { prompt, completion: rejected },
  ]
}

function pairLogps(scores: Scores, chosen: number, rejected: number, reference: ReferenceLogps, kl: number): PairLogps {
  return {
    chosen: segmentLogp(scores, chosen),
    rejected: segmentLogp(scores, rejected),
    refChosen: reference.chosen,
    refRejected: reference.rejected,
    chosenTokens: scores.counts[chosen]!,
    rejectedTokens: scores.counts[rejected]!,
    kl,
  }
}

function fill(derivatives: Float32Array, scores: Scores, segment: number, value: number): void {
  const start = scores.starts[segment]!
  derivatives.fill(value, start, start + targets(scores, segment).length)
}

/**
 * KTO's z0: the batch's mean log-ratio of completions that belong to other prompts, or 0 if that is negative.
 * arXiv:2402.01306, section 4.1. 0 for the other losses.
 */
async function estimateKl(
  engine: Engine,
  adapter: AdapterName,
  pairs: readonly TokenPair[],
  reference: readonly ReferenceLogps[],
  indices: readonly number[],
  options: Pick<PreferenceOptions, 'loss_type' | 'max_length'>,
  signal?: AbortSignal,
): Promise<number> {
  if (options.loss_type !== 'kto') return 0
  const logps = await sequenceLogps(
    engine,
    adapter,
    indices.map((index) => mismatch(pairs, index, mostTokens(engine, options))),
    signal,
  )
  const ratios = logps.map((logp, i) => logp - reference[indices[i]!]!.mismatched)
  return Math.max(0, ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length)
}

/**
 * A pair's prompt with the chosen completion of a distant pair, because neighbours may share the prompt. It has at most
 * `most` tokens: two pairs may fit where this one does not.
 */
function mismatch(pairs: readonly TokenPair[], index: number, most: number): Sequence {
  const other = (index + Math.floor(pairs.length / 2)) % pairs.length
  const { prompt } = pairs[index]!
  return { prompt, completion: pairs[other]!.chosen.subarray(0, most - prompt.length) }
}

/** The most tokens of a sequence. */
function mostTokens({ config }: Engine, { max_length }: Pick<PreferenceOptions, 'max_length'>): number {
  return Math.min(max_length ?? config.max_position_embeddings, config.max_position_embeddings)
}

async function sequenceLogps(
  engine: Engine,
  adapter: AdapterName,
  sequences: readonly Sequence[],
  signal?: AbortSignal,
): Promise<number[]> {
  const { forest, segments } = plant(sequences)
  const scores = await engine.logprobs(forest, adapter, signal)
  return segments.map((segment) => segmentLogp(scores, segment))
}

/** TRL's figures of preference training, as means over the added pairs. */
class PairTally {
  readonly #beta: number
  readonly #pairs: { readonly logps: PairLogps; readonly loss: PairLoss }[] = []

  constructor(beta: number) {
    this.#beta = beta
  }

  add(logps: PairLogps, loss: PairLoss): void {
    this.#pairs.push({ logps, loss })
  }

  loss(): number {
    return this.#mean(({ loss }) => loss.loss)
  }

  /** rewards = beta * (policy logp - reference logp); logps are sums over completion tokens; nll_loss is the chosen's per token. */
  metrics(): Metrics {
    const chosen = ({ logps }: { logps: PairLogps }) => this.#beta * (logps.chosen - logps.refChosen)
    const rejected = ({ logps }: { logps: PairLogps }) => this.#beta * (logps.rejected - logps.refRejected)
    return {
      'rewards/chosen': this.#mean(chosen),
      'rewards/rejected': this.#mean(rejected),
      'rewards/accuracies': this.#mean((pair) => (chosen(pair) > rejected(pair) ? 1 : 0)),
      'rewards/margins': this.#mean((pair) => chosen(pair) - rejected(pair)),
      'logps/chosen': this.#mean(({ logps }) => logps.chosen),
      'logps/rejected': this.#mean(({ logps }) => logps.rejected),
      nll_loss: this.#mean(({ logps }) => -logps.chosen / logps.chosenTokens),
    }
  }

  #mean(of: (pair: { logps: PairLogps; loss: PairLoss }) => number): number {
    return this.#pairs.reduce((sum, pair) => sum + of(pair), 0) / this.#pairs.length
  }
}
