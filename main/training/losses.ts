/**
 * Preference losses as functions of sequence log-probabilities. Each returns its value and its derivatives by the policy's
 * log-probabilities, which is all that an engine needs. `c` and `r` are the log-ratios of chosen and rejected, in nats:
 * log pi(y|x) - log pi_ref(y|x).
 */

/** One pair as a loss sees it. Log-probabilities are sums over a completion's tokens, in nats. */
export interface PairLogps {
  readonly chosen: number
  readonly rejected: number
  readonly refChosen: number
  readonly refRejected: number
  /** Tokens in each completion. */
  readonly chosenTokens: number
  readonly rejectedTokens: number
  /** KTO's reference point z0, an estimate of KL(pi || pi_ref) in nats. The other losses ignore it. */
  readonly kl: number
}

export interface LossOptions {
  /** How strongly the policy is held to the reference. */
  readonly beta: number
  /** The assumed share of wrong labels. Only `robust` uses it; sigmoid ignores it, as in TRL. */
  readonly label_smoothing: number
  /** Weights of the chosen's term and of the rejected's, where a loss has such terms: `kto` and `apo_zero`. */
  readonly desirable_weight: number
  readonly undesirable_weight: number
}

/** A loss's value, and its derivatives by the policy's log-probability of chosen and of rejected. */
export interface PairLoss {
  readonly loss: number
  readonly dChosen: number
  readonly dRejected: number
}

export type PreferenceLoss = (pair: PairLogps, options: LossOptions) => PairLoss

/** DPO: -log sigmoid(beta (c - r)). Rafailov et al. 2023, arXiv:2305.18290, equation 7. */
export const sigmoid: PreferenceLoss = (pair, { beta }) => {
  const margin = beta * (logRatioChosen(pair) - logRatioRejected(pair))
  const slope = -beta * sigma(-margin)
  return { loss: -logSigma(margin), dChosen: slope, dRejected: -slope }
}

/** SLiC's hinge on DPO's margin: max(0, 1 - beta (c - r)). Zhao et al. 2023, arXiv:2305.10425; Liu et al., arXiv:2309.06657. */
export const hinge: PreferenceLoss = (pair, { beta }) => {
  const margin = beta * (logRatioChosen(pair) - logRatioRejected(pair))
  const slope = margin < 1 ? -beta : 0
  return { loss: Math.max(0, 1 - margin), dChosen: slope, dRejected: -slope }
}

/** IPO: (c - r - 1 / (2 beta))^2, with c and r averaged over tokens as in TRL. Azar et al. 2023, arXiv:2310.12036, equation 17. */
export const ipo: PreferenceLoss = (pair, { beta }) => {
  const distance =
    logRatioChosen(pair) / pair.chosenTokens - logRatioRejected(pair) / pair.rejectedTokens - 1 / (2 * beta)
  return {
    loss: distance ** 2,
    dChosen: (2 * distance) / pair.chosenTokens,
    dRejected: (-2 * distance) / pair.rejectedTokens,
  }
}

/**
 * Robust DPO, which stays unbiased when a share e = label_smoothing of the labels is flipped:
 * (-(1 - e) log sigmoid(h) + e log sigmoid(-h)) / (1 - 2e), h = beta (c - r). Chowdhury et al. 2024, arXiv:2403.00409.
 */
export const robust: PreferenceLoss = (pair, { beta, label_smoothing: e }) => {
  const margin = beta * (logRatioChosen(pair) - logRatioRejected(pair))
  const loss = (-(1 - e) * logSigma(margin) + e * logSigma(-margin)) / (1 - 2 * e)
  const slope = (-beta * ((1 - e) * sigma(-margin) + e * sigma(margin))) / (1 - 2 * e)
  return { loss, dChosen: slope, dRejected: -slope }
}

/** Length-normalised DPO: -log sigmoid(beta (c / |chosen| - r / |rejected|)). Lambert et al. 2024 (Tulu 3), arXiv:2411.15124. */
export const sigmoidNorm: PreferenceLoss = (pair, { beta }) => {
  const margin = beta * (logRatioChosen(pair) / pair.chosenTokens - logRatioRejected(pair) / pair.rejectedTokens)
  const slope = -beta * sigma(-margin)
  return { loss: -logSigma(margin), dChosen: slope / pair.chosenTokens, dRejected: -slope / pair.rejectedTokens }
}

/**
 * KTO: the mean of 1 - sigmoid(beta (c - z0)) and 1 - sigmoid(beta (z0 - r)), each with its weight; no gradient flows
 * through z0. Ethayarajh et al. 2024, arXiv:2402.01306. A pair counts as one desirable and one
 * undesirable example.
 */
export const kto: PreferenceLoss = (pair, { beta, desirable_weight, undesirable_weight }) => {
  const desirable = sigma(beta * (logRatioChosen(pair) - pair.kl))
  const undesirable = sigma(beta * (pair.kl - logRatioRejected(pair)))
  return {
    loss: (desirable_weight * (1 - desirable) + undesirable_weight * (1 - undesirable)) / 2,
    dChosen: (desirable_weight * -beta * desirable * (1 - desirable)) / 2,
    dRejected: (undesirable_weight * beta * undesirable * (1 - undesirable)) / 2,
  }
}

/**
 * APO-zero: 1 - sigmoid(beta c) + sigmoid(beta r), each with its weight. Chosen and rejected are each held against the reference, so the
 * chosen cannot become less likely as long as the rejected does so faster, as DPO allows. D'Oosterlinck et al. 2024, arXiv:2408.06266,
 * equation 7.
 */
export const apoZero: PreferenceLoss = (pair, { beta, desirable_weight, undesirable_weight }) => {
  const chosen = sigma(beta * logRatioChosen(pair))
  const rejected = sigma(beta * logRatioRejected(pair))
  return {
    loss: desirable_weight * (1 - chosen) + undesirable_weight * rejected,
    dChosen: desirable_weight * -beta * chosen * (1 - chosen),
    dRejected: undesirable_weight * beta * rejected * (1 - rejected),
  }
}

/** The losses by TRL's names (`loss_type`). */
export const PREFERENCE_LOSSES = {
  sigmoid,
  hinge,
  ipo,
  robust,
  sigmoid_norm: sigmoidNorm,
  kto,
  apo_zero: apoZero,
} as const
export type LossType = keyof typeof PREFERENCE_LOSSES

/**
 * RPO: a preference loss plus `alpha` times the chosen completion's mean negative log-likelihood per token. That keeps the
 * likelihood of the chosen from falling with the rejected's. Pang et al. 2024, arXiv:2404.19733.
 */
export function withChosenNll(loss: PreferenceLoss, alpha: number): PreferenceLoss {
  return (pair, options) => {
    const preference = loss(pair, options)
    return {
      loss: preference.loss - (alpha * pair.chosen) / pair.chosenTokens,
      dChosen: preference.dChosen - alpha / pair.chosenTokens,
      dRejected: preference.dRejected,
    }
  }
}

/** What a policy gradient makes of a likelihood: a loss, and its derivative by the policy's log-probability. */
export interface SurrogateLoss {
  readonly loss: number
  readonly slope: number
  /** Whether the ratio is beyond what counts, so that no gradient is left. */
  readonly clipped: boolean
}

/**
 * PPO's clipped surrogate: -min(rho A, clip(rho, 1 - epsilon, 1 + epsilon) A), where rho = pi(y|x) / pi_old(y|x), pi_old is the
 * policy that played, and `logRatio` is log rho. Schulman et al. 2017, arXiv:1707.06347, equation 7. RLOO takes it for whole
 * completions, GRPO token by token.
 */
export function clippedSurrogate(logRatio: number, advantage: number, epsilon: number): SurrogateLoss {
  const ratio = Math.exp(logRatio)
  const clipped = advantage > 0 ? ratio > 1 + epsilon : ratio < 1 - epsilon
  const counted = clipped ? (advantage > 0 ? 1 + epsilon : 1 - epsilon) : ratio
  return { loss: -counted * advantage, slope: clipped ? 0 : -ratio * advantage, clipped }
}

/**
 * Weighted mean negative log-likelihood per token, -sum(w logp) / `total`. `total` is the sum of the weights over the whole
 * batch, and `logprobs` may be a part of it. Returns the part's share of the value, and its derivatives by `logprobs`.
 */
export function nll(
  logprobs: Float32Array,
  weights: Float32Array,
  total: number,
): { loss: number; dLogprobs: Float32Array } {
  const loss = -logprobs.reduce((sum, logprob, i) => sum + weights[i]! * logprob, 0) / total
  return { loss, dLogprobs: weights.map((weight) => -weight / total) }
}

function logRatioChosen(pair: PairLogps): number {
  return pair.chosen - pair.refChosen
}

function logRatioRejected(pair: PairLogps): number {
  return pair.rejected - pair.refRejected
}

function sigma(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

/** log sigmoid(x) without overflow at either end. */
function logSigma(x: number): number {
  return Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)))
}
