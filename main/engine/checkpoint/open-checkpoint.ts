/** What a model's weights look like to the lab, whether a folder or a GGUF file holds them. */
import type { Message } from '../../messages/message.ts'
import type { ModelConfig, Tensor } from '../engine.ts'
import type { Dtype } from './dtype.ts'
import type { TensorStream } from './tensor-stream.ts'

/** The dtypes of weights. */
export type WrittenDtype = Exclude<Dtype, 'U8'>

export interface Stored {
  readonly type: string
  readonly bytes: number
}

/** A model's weights, of which only the headers were read and checked. */
export interface OpenCheckpoint extends TensorStream {
  /** The configuration of what the weights hold: `tie_word_embeddings` is false if there is a head of its own. */
  readonly config: ModelConfig
  /** What config.json says differently than the weights, and which of them counts. */
  readonly notes: readonly Message[]
  /** How a file holds a tensor: the name of its type (a dtype, or one of ggml's), and its bytes. */
  readonly storedAs: (name: string) => Stored
  /** The dtype of a tensor in a folder of Hugging Face layout: the file's own; for ggml's blocks F16, which holds as much. */
  readonly dtypeOf: (name: string) => WrittenDtype
  /** The files that hold weights. */
  readonly files: readonly string[]
  /** A whole tensor as float32. */
  read(name: string): Promise<Tensor>
  /** Reads a tensor's bytes as the file holds them, from `from` on, filling `into`. */
  readBytes(name: string, from: number, into: Uint8Array): Promise<void>
  close(): Promise<void>
}
