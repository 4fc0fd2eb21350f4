/** Named tensors for tfjs. Plain arrays hold the values, so that an optimiser can change them in place. */
import type { Tensor, Tensor2D } from '@tensorflow/tfjs'
import type { Tensors } from '../engine.ts'
import type { Shapes } from '../weights.ts'
import type { Tf } from './load-tfjs.ts'
import type { Weight } from './ops.ts'

interface Held {
  readonly shape: number[]
  readonly values: Float32Array
  tensor?: Tensor
  transposed?: Tensor2D
}

export class Weights {
  readonly #tf: Tf
  readonly #held: Map<string, Held>

  /** Copies the tensors. */
  constructor(tf: Tf, tensors: Tensors) {
    this.#tf = tf
    this.#held = new Map(
      [...tensors].map(([name, { shape, data }]) => [name, { shape: [...shape], values: data.slice() }]),
    )
  }

  get shapes(): Shapes {
    return new Map([...this.#held].map(([name, { shape }]) => [name, shape]))
  }

  tensor(name: string): Tensor {
    const held = this.#get(name)
    held.tensor ??= this.#tf.keep(this.#tf.tensor(held.values.slice(), held.shape))
    return held.tensor
  }

  /** A matrix with its transpose. */
  weight(name: string): Weight {
    const weight = this.tensor(name) as Tensor2D
    const held = this.#get(name)
    held.transposed ??= this.#tf.keep(this.#tf.transpose(weight))
    return { weight, transposed: held.transposed }
  }

  /** Lets `change` write into the values of every tensor. */
  update(change: (name: string, values: Float32Array) => void): void {
    this.dispose()
    for (const [name, { values }] of this.#held) change(name, values)
  }

  copy(): Tensors {
    return new Map([...this.#held].map(([name, { shape, values }]) => [name, { shape, data: values.slice() }]))
  }

  /** Frees tfjs's tensors; they are made again when needed. */
  dispose(): void {
    for (const held of this.#held.values()) {
      held.tensor?.dispose()
      held.transposed?.dispose()
      delete held.tensor
      delete held.transposed
    }
  }

  #get(name: string): Held {
    const held = this.#held.get(name)
    if (held === undefined) throw new Error(`There is no tensor ${name}.`)
    return held
  }
}
