/** The smallest engine that learns, for tests of the trainers: a table of logits of the next token, by the last token. */
import { adamWStep, clipping } from '../main/engine/adamw.ts'
import type { AdapterName, Engine, Forest, OptimizerState, Scores, Tensors } from '../main/engine/engine.ts'
import { qwen2 } from '../main/engine/families.ts'
import { argMax, logSoftmax } from '../main/engine/sampling.ts'
import { message } from '../main/messages/message.ts'

const VOCABULARY = 16
const CONFIG = qwen2({
  vocab_size: VOCABULARY,
  hidden_size: VOCABULARY,
  intermediate_size: 1,
  num_hidden_layers: 0,
  num_attention_heads: 1,
  num_key_value_heads: 1,
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  max_position_embeddings: 1024,
  tie_word_embeddings: true,
})

/** Each adapter is a whole table, a tensor named `table`. Generation throws: trainers do not need it. */
export function createBigramEngine(base: Float32Array = new Float32Array(VOCABULARY ** 2)): Engine {
  const tables = new Map<AdapterName, Float32Array>([[null, base.slice()]])
  let target: AdapterName = null
  let gradient = new Float32Array(VOCABULARY ** 2)
  let moments = freshMoments()

  const table = (name: AdapterName) => {
    const found = tables.get(name)
    if (found === undefined) throw new Error(`No adapter ${name}.`)
    return found
  }
  const asTensors = (data: Float32Array): Tensors =>
    new Map([['table', { shape: [VOCABULARY, VOCABULARY], data: data.slice() }]])

  return {
    kind: 'tfjs',
    description: message('verbatim', { text: 'bigram table' }),
    config: CONFIG,
    holding: null,
    async addAdapter(name, _lora, weights) {
      tables.set(name, weights.get('table')!.data.slice())
    },
    async removeAdapter(name) {
      tables.delete(name)
    },
    adapterWeights: async (name) => asTensors(table(name)),
    baseWeights: async () => asTensors(table(null)),
    async train(name) {
      target = name
      gradient = new Float32Array(VOCABULARY ** 2)
      moments = freshMoments()
    },
    logprobs: async (forest, adapter) => score(forest, table(adapter)),
    async accumulate(forest, dLoss) {
      const weights = table(target)
      const scores = score(forest, weights)
      const derivatives = await dLoss(scores)
      transitions(forest).forEach(([last, next], i) => {
        const slopes = row(gradient, last)
        logSoftmax(row(weights, last)).logprobs.forEach((logprob, token) => {
          slopes[token]! += derivatives[i]! * ((token === next ? 1 : 0) - Math.exp(logprob))
        })
      })
      return scores
    },
    gradients: async () => asTensors(gradient),
    async step(adamW) {
      const { grad_norm, factor } = clipping(asTensors(gradient), adamW.max_grad_norm)
      moments.step++
      adamWStep(table(target), gradient, moments.first, moments.second, moments.step, adamW, factor, true)
      gradient = new Float32Array(VOCABULARY ** 2)
      return { grad_norm }
    },
    optimizerState: async () => ({
      step: moments.step,
      exp_avg: asTensors(moments.first),
      exp_avg_sq: asTensors(moments.second),
    }),
    async setOptimizerState(state: OptimizerState) {
      moments = {
        step: state.step,
        first: state.exp_avg.get('table')!.data.slice(),
        second: state.exp_avg_sq.get('table')!.data.slice(),
      }
    },
    async generate() {
      throw new Error('The bigram engine does not generate.')
    },
    async close() {},
  }
}

interface Moments {
  step: number
  readonly first: Float32Array
  readonly second: Float32Array
}

function freshMoments(): Moments {
  return { step: 0, first: new Float32Array(VOCABULARY ** 2), second: new Float32Array(VOCABULARY ** 2) }
}

/** (last token, target token) of every target, in segment order. */
function transitions(forest: Forest): [number, number][] {
  return forest.flatMap(({ tokens, parent, targetStart }) =>
    Array.from(tokens.subarray(targetStart), (token, i): [number, number] => {
      const before = targetStart + i - 1
      return [before >= 0 ? tokens[before]! : forest[parent]!.tokens.at(-1)!, token]
    }),
  )
}

function score(forest: Forest, weights: Float32Array): Scores {
  const counts = Int32Array.from(forest, ({ tokens, targetStart }) => tokens.length - targetStart)
  let total = 0
  const starts = counts.map((count) => {
    total += count
    return total - count
  })
  const seen = transitions(forest).map(([last, next]) => {
    const { logprobs, entropy } = logSoftmax(row(weights, last))
    return { logprob: logprobs[next]!, entropy, hit: argMax(logprobs) === next ? 1 : 0 }
  })
  return {
    logprobs: Float32Array.from(seen, ({ logprob }) => logprob),
    entropies: Float32Array.from(seen, ({ entropy }) => entropy),
    hits: Uint8Array.from(seen, ({ hit }) => hit),
    starts,
    counts,
  }
}

function row(table: Float32Array, token: number): Float32Array {
  return table.subarray(token * VOCABULARY, (token + 1) * VOCABULARY)
}
