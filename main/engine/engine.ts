/**
 * The seam between the lab and whatever computes: an engine holds one Qwen2 decoder, its LoRA adapters, and knows no
 * loss. Every preference loss is a function of sequence log-probabilities, so `accumulate` hands the log-probabilities
 * of the target tokens out and takes their derivatives back.
 */

import type { HeadPrecision, Precision, Projection } from '../config/choices.ts'
import type { Message } from '../messages/message.ts'

/** Float32 tensor with its shape, row-major. */
export interface Tensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** Tensors by their name in the checkpoint or in PEFT's adapter file. */
export type Tensors = ReadonlyMap<string, Tensor>

/** The part of a Hugging Face `config.json` (model_type qwen2) that decides the computation. */
export interface Qwen2Config {
  readonly vocab_size: number
  readonly hidden_size: number
  readonly intermediate_size: number
  readonly num_hidden_layers: number
  readonly num_attention_heads: number
  readonly num_key_value_heads: number
  readonly rms_norm_eps: number
  readonly rope_theta: number
  readonly max_position_embeddings: number
  readonly tie_word_embeddings: boolean
}

/** PEFT's LoraConfig, as far as it decides the computation: y = Wx + (lora_alpha / r) B A dropout(x). */
export interface LoraConfig {
  readonly r: number
  readonly lora_alpha: number
  readonly lora_dropout: number
  readonly target_modules: readonly Projection[]
}

/**
 * A piece of text that continues its parent: a prompt is computed once, and chosen and rejected hang below it.
 * Attention looks along ancestors only; positions go on from the parent's last token.
 */
export interface Segment {
  readonly tokens: Int32Array
  /** Index of the segment this one continues, always smaller than its own index; -1 for a root. */
  readonly parent: number
  /**
   * Tokens from this index to the end are targets, each predicted from the token before it (the first from the last
   * token of the parent). `tokens.length` means none. 0 needs a parent.
   */
  readonly targetStart: number
}

/** A batch: segments in topological order, any number of roots. */
export type Forest = readonly Segment[]

/** One value per target token, in segment order. Segment s has `counts[s]` of them, from `starts[s]` on. */
export interface Scores {
  /** log p(token | everything before it), in nats. */
  readonly logprobs: Float32Array
  /** Entropy of the whole predicted distribution at that place, in nats. */
  readonly entropies: Float32Array
  /** 1 where the target is the most likely token, else 0 (TRL's mean_token_accuracy is a mean of them). */
  readonly hits: Uint8Array
  readonly starts: Int32Array
  readonly counts: Int32Array
}

/** Which weights answer: the base model alone (null), or the base with the adapter of that name. */
export type AdapterName = string | null

/** Decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101). Biases and norms are not decayed. */
export interface AdamW {
  readonly learning_rate: number
  readonly adam_beta1: number
  readonly adam_beta2: number
  readonly adam_epsilon: number
  readonly weight_decay: number
  /** Gradients are scaled down to this global L2 norm; 0 or Infinity: never. */
  readonly max_grad_norm: number
}

export interface Sampling {
  /** 0 is greedy. */
  readonly temperature: number
  readonly top_p: number
  readonly max_new_tokens: number
  /** Generation of a completion ends after one of these, which is kept as its last token. */
  readonly stop_token_ids: readonly number[]
  /** One unsigned 32-bit number a prompt. Completion i draws from the stream seeds[i] alone, whatever the batch. */
  readonly seeds: readonly number[]
}

export interface Completion {
  readonly tokens: Int32Array
  /** log p of each token under the untempered model, in nats. */
  readonly logprobs: Float32Array
  /** False where max_new_tokens cut it. */
  readonly stopped: boolean
}

/** A token that was just drawn. */
export interface DrawnToken {
  /** Which of the prompts it continues. */
  readonly prompt: number
  readonly token: number
  /** As in Completion. */
  readonly logprob: number
}

export interface GenerateOptions {
  /** Called with each token of each completion, in order within a completion. What it throws ends the call. */
  readonly onToken?: (drawn: DrawnToken) => void
  /** Ends the call between two tokens: it then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** Optimiser state of the trained weights, enough to go on exactly where it was. */
export interface OptimizerState {
  readonly step: number
  readonly exp_avg: Tensors
  readonly exp_avg_sq: Tensors
}

/** How an engine holds a model: what the memory of a run depends on. */
export interface Holding {
  readonly precision: Precision
  readonly headPrecision: HeadPrecision
  /** Whether backward makes activations again from each layer's input, instead of keeping them. */
  readonly gradientCheckpointing: boolean
  /** Bytes a number of the packed copies that stand beside float32 weights: half of it where products are in bf16. */
  readonly packedBytes: 2 | 4
  readonly threads: number
}

export type EngineKind = 'native' | 'tfjs-node-gpu' | 'tfjs'

/** One decoder with its adapters. Calls are queued: each sees the weights that the calls before it left. */
export interface Engine {
  readonly kind: EngineKind
  /** One line for the user: backend, instruction set, threads, and why it is this engine where that matters. */
  readonly description: Message
  readonly config: Qwen2Config
  /** Null for TensorFlow.js, which decides that itself. */
  readonly holding: Holding | null

  /** Adds an adapter with copies of the given tensors, by PEFT's names. */
  addAdapter(name: string, lora: LoraConfig, weights: Tensors): Promise<void>
  removeAdapter(name: string): Promise<void>
  /** Copies of an adapter's tensors, by PEFT's names. */
  adapterWeights(name: string): Promise<Tensors>
  /** Copies of the base model's tensors as float32, by the checkpoint's names; stored ones as they are computed with. */
  baseWeights(): Promise<Tensors>

  /**
   * Chooses what `accumulate` and `step` train: an adapter, or with null all base weights. Clears optimiser state. Throws
   * where base weights are frozen, as all but fp32 ones are.
   */
  train(target: AdapterName): Promise<void>

  logprobs(forest: Forest, adapter: AdapterName): Promise<Scores>
  /**
   * Forward with the trained weights, `dLoss(scores)` = d loss / d logprobs (same layout), backward; adds to the
   * gradients. `dropoutSeed` decides LoRA dropout; without it nothing is dropped.
   */
  accumulate(forest: Forest, dLoss: (scores: Scores) => Float32Array, dropoutSeed?: number): Promise<Scores>
  /** The gradients accumulated so far, by tensor name; for tests and inspection. */
  gradients(): Promise<Tensors>
  /** Clips, applies AdamW, clears the gradients. Returns the norm before clipping (TRL's grad_norm). */
  step(adamW: AdamW): Promise<{ grad_norm: number }>
  optimizerState(): Promise<OptimizerState>
  setOptimizerState(state: OptimizerState): Promise<void>

  /**
   * One completion a prompt; equal prompts are computed once. Calls for the same adapter may be computed together: what
   * one asks for joins the completions under way, and no completion depends on what it was computed with.
   */
  generate(
    prompts: readonly Int32Array[],
    sampling: Sampling,
    adapter: AdapterName,
    options?: GenerateOptions,
  ): Promise<Completion[]>

  /** Frees what the engine holds. No call may follow. */
  close(): Promise<void>
}
