/** Records the head: from the last hidden states to the targets' log-probabilities, and back. */
import type { Scores } from '../engine.ts'
import type { BaseWeights } from './base.ts'
import { addMatrixGradient } from './base-gradients.ts'
import { normalise, normaliseBackward, type Pass } from './decoder.ts'
import { headGradient, headReduce, STATE } from './kernels/head.ts'
import { ELEMENTS, gather, gatherBackward } from './kernels/rows.ts'
import { rowsOf } from './matrix.ts'
import type { View } from './memory.ts'
import { matrixProduct, matrixProductBackward } from './products.ts'

/** Numbers of a chunk of logits, about. */
const CHUNK = 2 ** 21

/** Tokens of a chunk for so many targets: a multiple of 64, unless a chunk has all. */
function chunkTokens({ program, config, batch }: Pass): number {
  const numbers = Math.min(CHUNK, program.arena.limit / 4)
  return Math.min(config.vocab_size, Math.max(64, Math.floor(numbers / batch.targets.count / 64) * 64))
}

/** What backward needs of the head, for P targets. */
export interface HeadKept {
  /** The hidden states that predict targets, and normalised, [P, H]. */
  readonly hidden: View
  readonly normed: View
  /** Softmax's states [P, STATE]. */
  readonly states: View
  readonly targets: View
  readonly predictors: View
}

/** Computes the states of softmax for all targets of a batch. */
export function forwardHead(pass: Pass, base: BaseWeights, x: View): HeadKept {
  const { program, config, batch } = pass
  const { count, tokens, predictors: rows } = batch.targets
  const columns = config.hidden_size
  const targets = program.hold(tokens)
  const predictors = program.hold(rows)
  const hidden = program.allocate(count * columns)
  program.run(
    gather,
    { x, indices: predictors, y: hidden },
    { rows: count, columns },
    Math.ceil((count * columns) / ELEMENTS),
  )
  const normed = normalise(program, config, count, hidden, base.finalNorm)
  const states = program.allocate(count * STATE)
  const logits = program.allocate(count * chunkTokens(pass))
  for (const { first, chunk } of chunks(pass, base)) {
    matrixProduct(program, chunk, count, { x: normed, y: logits })
    const begin = first === 0 ? 1 : 0
    program.run(headReduce, { logits, targets, states }, { columns: chunk.rows, first, begin }, count)
  }
  program.free(logits)
  return { hidden, normed, states, targets, predictors }
}

/**
 * The gradient of the hidden states [T, H], from the derivatives `slopes` of the targets' log-probabilities. Adds to those of
 * the base's own weights, if these are trained. Frees `kept`.
 */
export function backwardHead(
  pass: Pass,
  base: BaseWeights,
  kept: HeadKept,
  slopes: View,
  gradients: BaseWeights | undefined,
): View {
  const { program, config, batch } = pass
  const { count, starts, users } = batch.targets
  const columns = config.hidden_size
  const { hidden, normed, states, targets } = kept
  const logits = program.allocate(count * chunkTokens(pass))
  const dNormed = program.allocate(count * columns)
  for (const { first, chunk } of chunks(pass, base)) {
    matrixProduct(program, chunk, count, { x: normed, y: logits })
    const params = { rows: count, columns: chunk.rows, first }
    program.run(headGradient, { logits, targets, states, slopes }, params, Math.ceil((count * chunk.rows) / ELEMENTS))
    matrixProductBackward(program, chunk, count, { dy: logits, dx: dNormed, add: first > 0 })
    if (gradients === undefined) continue
    addMatrixGradient(program, rowsOf(gradients.head, first, first + chunk.rows), count, { x: normed, dy: logits })
  }
  program.free(logits)
  const dHidden = program.allocate(count * columns)
  const views = { x: hidden, weight: base.finalNorm, dy: dNormed, dx: dHidden, gradient: gradients?.finalNorm }
  normaliseBackward(program, config, count, views, false)
  const held = { starts: program.hold(starts), users: program.hold(users) }
  const dx = program.allocate(batch.rows * columns)
  const params = { rows: batch.rows, columns }
  program.run(gatherBackward, { dy: dHidden, dx, ...held }, params, Math.ceil((batch.rows * columns) / ELEMENTS))
  program.free(dHidden, dNormed, held.starts, held.users)
  releaseHead(pass, kept)
  return dx
}

export function releaseHead({ program }: Pass, kept: HeadKept): void {
  program.free(...Object.values(kept))
}

function chunks(pass: Pass, { head }: BaseWeights) {
  const tokens = chunkTokens(pass)
  return Array.from({ length: Math.ceil(head.rows / tokens) }, (_, index) => {
    const first = index * tokens
    return { first, chunk: rowsOf(head, first, Math.min(head.rows, first + tokens)) }
  })
}

/** Writes a batch's scores from the states of its targets. */
export function readScores(
  { targets }: Pass['batch'],
  states: Float32Array,
  { logprobs, entropies, hits }: Pick<Scores, 'logprobs' | 'entropies' | 'hits'>,
): void {
  targets.places.forEach((place, index) => {
    const [largest, sum, moment, logit, token] = states.subarray(index * STATE) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ]
    logprobs[place] = logit - largest - Math.log(sum)
    entropies[place] = Math.log(sum) - moment / sum
    hits[place] = token === targets.tokens[index] ? 1 : 0
  })
}
