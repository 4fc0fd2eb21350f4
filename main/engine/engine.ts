/**
 * The interface between the lab and its compute engines. An engine holds one decoder and its LoRA adapters, and knows
 * no loss. Every preference loss is a function of sequence log-probabilities, so `accumulate` hands out the
 * log-probabilities of the target tokens and takes their derivatives back.
 */

import type { HeadPrecision, Precision, Projection } from '../config/choices.ts'
import type { Message } from '../messages/message.ts'

/** Float32 tensor with its shape, row-major. */
export interface Tensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** Tensors by their names in the checkpoint or in PEFT's adapter file. */
export type Tensors = ReadonlyMap<string, Tensor>

/** The families of decoders, as families.ts describes them. Llama has many relatives: SmolLM2 is one. */
export type ModelType = 'qwen2' | 'qwen3' | 'llama'

/** Stretched rotary positions of Llama 3.1 and later: long wavelengths grow by `factor`, short ones stay. */
export interface RopeScaling {
  readonly rope_type: 'llama3'
  readonly factor: number
  readonly low_freq_factor: number
  readonly high_freq_factor: number
  readonly original_max_position_embeddings: number
}

/** The part of a Hugging Face `config.json` that affects the computation. */
export interface ModelConfig {
  readonly model_type: ModelType
  readonly vocab_size: number
  readonly hidden_size: number
  readonly intermediate_size: number
  readonly num_hidden_layers: number
  readonly num_attention_heads: number
  readonly num_key_value_heads: number
  /** Numbers a head. The heads of q together may be wider or narrower than hidden_size. */
  readonly head_dim: number
  /** Whether q, k and v have biases. */
  readonly attention_bias: boolean
  readonly rms_norm_eps: number
  readonly rope_theta: number
  readonly rope_scaling: RopeScaling | null
  readonly max_position_embeddings: number
  readonly tie_word_embeddings: boolean
}

/**
 * The part of PEFT's LoraConfig that affects the computation: y = Wx + scale B A dropout(x), where the scale is
 * lora_alpha / r. Every layer has the target modules, unless `layers_to_transform` or `modules` names others.
 */
export interface LoraConfig extends LoraModule {
  readonly lora_dropout: number
  readonly target_modules: readonly Projection[]
  /** The layers that have the target modules, by number from 0; null for all. */
  readonly layers_to_transform?: readonly number[] | null
  /** The scale is lora_alpha / sqrt(r) instead (Kalajdzievski 2023, arXiv:2312.03732). */
  readonly use_rslora?: boolean
  /**
   * The adapted modules by their names in the checkpoint (`model.layers.0.self_attn.q_proj`), if they are not the target
   * modules of every layer, or differ in r or lora_alpha.
   */
  readonly modules?: ReadonlyMap<string, LoraModule>
}

export interface LoraModule {
  readonly r: number
  readonly lora_alpha: number
}

/**
 * A piece of text that continues its parent. A prompt is computed once, and chosen and rejected hang below it. A token
 * attends to its own segment and its ancestors. Positions go on from the parent's last token.
 */
export interface Segment {
  readonly tokens: Int32Array
  /** Index of the segment that this one continues, always smaller than its own; -1 for a root. */
  readonly parent: number
  /**
   * Tokens from this index to the end are targets. Each is predicted from the token before it; the first token of a
   * segment from the last token of its parent. `tokens.length` means no targets. 0 needs a parent.
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
  /** 1 if the target is the most likely token, else 0. Their mean is TRL's mean_token_accuracy. */
  readonly hits: Uint8Array
  readonly starts: Int32Array
  readonly counts: Int32Array
}

/**
 * d loss / d logprobs, in the layout of `Scores.logprobs`. An engine in another process gives a promise: the answer comes
 * over a line.
 */
export type DLoss = (scores: Scores) => Float32Array | Promise<Float32Array>

/** The weights to use: the base model alone (null), or the base with the adapter of that name. */
export type AdapterName = string | null

/** Decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101). Biases and norms are not decayed. */
export interface AdamW {
  readonly learning_rate: number
  readonly adam_beta1: number
  readonly adam_beta2: number
  readonly adam_epsilon: number
  readonly weight_decay: number
  /** Gradients are scaled down to this global L2 norm; 0 or Infinity turns this off. */
  readonly max_grad_norm: number
}

/** A tokenizer's plain tokens as bytes. */
export interface Vocabulary {
  readonly bytes: Uint8Array
  /** Token i has the bytes from offsets[i] to offsets[i + 1]. Added tokens, and ids without a token, have none. */
  readonly offsets: Int32Array
}

/**
 * The texts that a completion may have: an automaton over the bytes of their UTF-8. A completion begins at node 0, follows
 * bytes from node to node, and may stop where a node ends. So every tokenisation of an allowed text is allowed.
 */
export interface Constraint {
  readonly vocabulary: Vocabulary
  /** The byte that leads to each node. */
  readonly bytes: Uint8Array
  /** The first of the nodes that may follow each node, -1 for none. Several nodes may have the same ones. */
  readonly children: Int32Array
  /** The next node that may follow where this one may, -1 for none. */
  readonly siblings: Int32Array
  /**
   * At most so many UTF-16 units of free text may stand behind each node, before its children or the end; -1 for none. Free
   * text is on one line, and has no control characters.
   */
  readonly texts: Int32Array
  /** 1 where the completion may stop. */
  readonly ends: Uint8Array
  /** Tokens that a free text leaves for what follows it, if max_new_tokens has that many to spare. */
  readonly reserve: number
}

export interface Sampling {
  /** 0 is greedy. */
  readonly temperature: number
  readonly top_p: number
  readonly max_new_tokens: number
  /** A completion ends after one of these tokens, which stays its last token. */
  readonly stop_token_ids: readonly number[]
  /** One unsigned 32-bit number a prompt. Completion i draws only from the stream seeds[i], whatever the batch. */
  readonly seeds: readonly number[]
  /**
   * One constraint a prompt; null allows any tokens. Tokens that it does not allow get no probability, and the others are
   * renormalised. Every constrained completion ends within max_new_tokens. Log-probabilities stay those of the model.
   */
  readonly constraints?: readonly (Constraint | null)[]
}

export interface Completion {
  readonly tokens: Int32Array
  /** log p of each token under the untempered model, in nats. */
  readonly logprobs: Float32Array
  /** False if max_new_tokens cut it. */
  readonly stopped: boolean
}

/** A token that was just drawn. */
export interface DrawnToken {
  /** Index of the prompt that it continues. */
  readonly prompt: number
  readonly token: number
  /** As in Completion. */
  readonly logprob: number
}

export interface GenerateOptions {
  /** Called with each token of each completion, in order within a completion. An error that it throws ends the call. */
  readonly onToken?: (drawn: DrawnToken) => void
  /** Ends the call between two tokens. The call then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** Optimiser state of the trained weights, enough to continue exactly where training stopped. */
export interface OptimizerState {
  readonly step: number
  readonly exp_avg: Tensors
  readonly exp_avg_sq: Tensors
}

/** How an engine holds a model. A run's memory depends on it. */
export interface Holding {
  readonly precision: Precision
  readonly headPrecision: HeadPrecision
  /** Whether backward recomputes activations from each layer's input, instead of keeping them. */
  readonly gradientCheckpointing: boolean
  /** With `gradientCheckpointing`, the bytes of activations that are kept nevertheless, layer by layer; default 0. */
  readonly keptBytes?: number
  /** Bytes a number in the packed copies of float32 weights: 4, or 2 if products are in bf16. */
  readonly packedBytes: 2 | 4
  readonly threads: number
  /** Bytes of the graphics card's memory, where a card computes and they are known. */
  readonly cardBytes?: number
}

export type EngineKind = 'native' | 'webgpu' | 'tfjs-node-gpu' | 'tfjs'

/** One decoder with its adapters. Calls are queued: each sees the weights that earlier calls left. */
export interface Engine {
  readonly kind: EngineKind
  /** One line for the user: backend, instruction set, threads, and why this engine was chosen if that matters. */
  readonly description: Message
  readonly config: ModelConfig
  /** Null for TensorFlow.js, which decides itself. */
  readonly holding: Holding | null

  /** Adds an adapter with copies of the given tensors, by PEFT's names. */
  addAdapter(name: string, lora: LoraConfig, weights: Tensors): Promise<void>
  removeAdapter(name: string): Promise<void>
  /** Copies of an adapter's tensors, by PEFT's names. */
  adapterWeights(name: string): Promise<Tensors>
  /** Copies of the base model's tensors as float32, by the checkpoint's names. Quantised tensors keep their rounding. */
  baseWeights(): Promise<Tensors>

  /**
   * Chooses what `accumulate` and `step` train: an adapter, or with null all base weights. Clears optimiser state. Throws
   * for null unless base weights are in fp32; others are frozen.
   */
  train(target: AdapterName): Promise<void>

  /**
   * Throws UserError if a sequence is longer than the model. The signal ends the call early; it then rejects with the
   * signal's reason.
   */
  logprobs(forest: Forest, adapter: AdapterName, signal?: AbortSignal): Promise<Scores>
  /**
   * Runs forward with the trained weights, awaits `dLoss(scores)`, and runs backward, which adds to the gradients.
   * `dropoutSeed` determines LoRA dropout; without it nothing is dropped. Throws as `logprobs` does. A call that its signal
   * ended leaves weights and optimiser as they were, and the gradients undefined.
   */
  accumulate(forest: Forest, dLoss: DLoss, dropoutSeed?: number, signal?: AbortSignal): Promise<Scores>
  /** The gradients accumulated so far, by tensor name; for tests and inspection. */
  gradients(): Promise<Tensors>
  /**
   * Clips, applies AdamW, clears the gradients. Returns the norm before clipping (TRL's grad_norm). Throws UserError if it
   * is not finite; then no step was taken.
   */
  step(adamW: AdamW): Promise<{ grad_norm: number }>
  optimizerState(): Promise<OptimizerState>
  setOptimizerState(state: OptimizerState): Promise<void>

  /**
   * Generates one completion a prompt; equal prompts are computed once. Calls for the same adapter may be computed together:
   * a call's completions join those under way. No completion depends on the others. Throws UserError for a prompt that is
   * too long, a constraint whose completions are too long, and where the model's logits are not finite.
   */
  generate(
    prompts: readonly Int32Array[],
    sampling: Sampling,
    adapter: AdapterName,
    options?: GenerateOptions,
  ): Promise<Completion[]>

  /** Frees the engine's memory. No call may follow. */
  close(): Promise<void>
}
