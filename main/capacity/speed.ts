/** Measures how fast this machine computes a model. It times one layer, so a model of any size takes seconds. */
import { initLora } from '../engine/adapter/adapter.ts'
import type { Forest, Holding, LoraConfig, ModelConfig } from '../engine/engine.ts'
import { storedAs, weightBytes } from '../engine/holding.ts'
import { createNativeEngine } from '../engine/native/engine.ts'
import { randomStream } from '../engine/random-stream.ts'
import { lowestLayer } from '../engine/weights.ts'

export interface SpeedQuestion {
  readonly config: ModelConfig
  readonly holding: Holding
  readonly lora: LoraConfig
  /** Tokens. */
  readonly prompt: number
  /** Of these, tokens that all prompts begin with. */
  readonly shared: number
  readonly completion: number
  /** Completions that are generated at a time. */
  readonly pages: number
}

/** Seconds. */
export interface Speed {
  /** Forward and backward of what all prompts begin with, which is computed once a forest; 0 if that is nothing. */
  readonly beginning: number
  /** The same of one pair: what a prompt goes on with, and two completions. */
  readonly pair: number
  /** The same of one sample: what a prompt goes on with, and its completion. */
  readonly sample: number
  /** The frozen reference's log-probabilities of a pair. */
  readonly reference: number
  /** One completion, if `pages` are generated at a time, and each reads what its own prompt goes on with. */
  readonly answer: number
}

const VOCABULARY = 1024
/** Tokens in the answers that are timed. */
const MEASURED_TOKENS = 16

/**
 * Times one layer with random weights, held as the model's will be, and scales the time to all layers. The head's time is
 * scaled by the bytes that each token reads. Norms, the logits of training and AdamW's step are left out: for large models
 * they take a few hundredths of the time. `clock` returns milliseconds.
 */
export async function measureSpeed(question: SpeedQuestion, clock = () => performance.now()): Promise<Speed> {
  const { config, holding, prompt, shared, completion, pages } = question
  const lora: LoraConfig = { ...question.lora, layers_to_transform: null }
  const slice: ModelConfig = { ...config, num_hidden_layers: 1, vocab_size: VOCABULARY, tie_word_embeddings: true }
  const layers = config.num_hidden_layers
  const engine = await createNativeEngine(slice, randomStream(slice, 1), {
    precision: storedAs(holding.precision),
    products: holding.packedBytes === 2 ? 'bf16' : 'fp32',
    headPrecision: holding.headPrecision,
    checkpointing: holding.gradientCheckpointing,
    keptBytes: holding.keptBytes ?? 0,
    threads: holding.threads,
  })
  const seconds = async (work: () => Promise<unknown>) => {
    const began = clock()
    await work()
    return (clock() - began) / 1000
  }
  try {
    await engine.addAdapter('timed', lora, initLora(slice, lora, 1))
    await engine.train('timed')
    const own = prompt - shared
    const pair = forestOf(shared, own, completion, 2)
    const pull = ({ logprobs }: { readonly logprobs: Float32Array }) => logprobs.map(() => -1 / logprobs.length)
    // The first call of each kind allocates memory and packs weights.
    await engine.accumulate(forestOf(0, 8, 2, 2), pull)
    const trained = await seconds(() => engine.accumulate(pair, pull))
    const single = await seconds(() => engine.accumulate(forestOf(shared, own, completion, 1), pull))
    const reference = await seconds(() => engine.logprobs(pair, 'timed'))

    const generate = (round: number, max_new_tokens: number) => {
      const prompts = Array.from({ length: pages }, (_, page) =>
        Int32Array.from([...tokens(shared, 0), ...tokens(own, 1 + round * pages + page)]),
      )
      const sampling = { temperature: 0, top_p: 1, max_new_tokens, stop_token_ids: [], seeds: prompts.map(() => 0) }
      return engine.generate(prompts, sampling, 'timed')
    }
    await generate(0, 2)
    const read = await seconds(() => generate(1, 1))
    const written = await seconds(() => generate(2, 1 + MEASURED_TOKENS))
    const token = Math.max(0, written - read) / MEASURED_TOKENS
    const headShare = 1 + headBytes(config, holding) / (layers * layerBytes(config, holding))
    // Layers below the lowest trained one go forward alone, as all do for the reference; and only for what no earlier pass had,
    // which is left out of account.
    const lowest = lowestLayer(config, question.lora)
    const steps = layers - lowest + (lowest * reference) / trained
    // A forest takes time by its tokens.
    const ofBeginning = (tokens: number) => shared / (shared + tokens)
    const [inPair, inSample] = [ofBeginning(own + 2 * completion), ofBeginning(own + completion)]
    return {
      beginning: steps * single * inSample,
      pair: steps * trained * (1 - inPair),
      sample: steps * single * (1 - inSample),
      reference: layers * reference * (1 - inPair),
      answer: (layers * (read + token * (completion - 1) * headShare)) / pages,
    }
  } finally {
    await engine.close()
  }
}

function layerBytes(config: ModelConfig, holding: Holding): number {
  const two = weightBytes({ ...config, num_hidden_layers: 2 }, holding)
  return two - weightBytes({ ...config, num_hidden_layers: 1 }, holding)
}

/** Bytes of the head that each generated token reads. An embedding that is not tied to it is not read. */
function headBytes(config: ModelConfig, holding: Holding): number {
  const tied = { ...config, tie_word_embeddings: true }
  return weightBytes(tied, holding) - config.num_hidden_layers * layerBytes(config, holding)
}

/** A prompt of two segments, if it shares a beginning, and its completions. */
function forestOf(shared: number, own: number, completion: number, completions: number): Forest {
  const prompt = [tokens(shared, 0), tokens(own, 1)].filter(({ length }) => length > 0)
  const answers = Array.from({ length: completions }, (_, i) => tokens(completion, 2 + i))
  return [
    ...prompt.map((tokens, i) => ({ tokens, parent: i - 1, targetStart: tokens.length })),
    ...answers.map((tokens) => ({ tokens, parent: prompt.length - 1, targetStart: 0 })),
  ]
}

/** Tokens that differ from those of every other seed, from the first token on. */
function tokens(length: number, seed: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => (seed * 31 + i * 7 + 1) % VOCABULARY)
}
