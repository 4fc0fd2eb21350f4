/**
 * Operations with our own gradients, because tfjs's are slow or missing on WebAssembly: matrix products with a transposed
 * argument are ten times slower there, and UnsortedSegmentSum and LogSoftmax do not exist.
 */
import type { GradSaveFunc, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs'
import type { Tf } from './load-tfjs.ts'

/** A weight [out, in] and its transpose, both kept. */
export interface Weight {
  readonly weight: Tensor2D
  readonly transposed: Tensor2D
}

/** Exchanges the last two axes. */
function transpose(tf: Tf, x: Tensor): Tensor {
  return tf.transpose(x, x.rank === 2 ? [1, 0] : [0, 2, 1])
}

/** An operation with its gradient. Both get the inputs; the gradient also gets what the operation kept. */
function withGradient<Inputs extends Tensor[], Value extends Tensor>(
  tf: Tf,
  operation: (...inputs: Inputs) => Value,
  gradient: (dValue: Value, inputs: Inputs) => Tensor | Tensor[],
): (...inputs: Inputs) => Value {
  return (...inputs) =>
    tf.customGrad((...args) => {
      // tfjs passes the inputs, then a function that keeps tensors for the gradient.
      const save = args.at(-1) as unknown as GradSaveFunc
      save(inputs)
      return {
        value: operation(...inputs),
        gradFunc: (dValue, saved) => gradient(dValue as Value, saved as Inputs),
      }
    })(...inputs) as Value
}

/** a b of matrices [n, k] and [k, m], or of as many of them [..., n, k] and [..., k, m]. */
export function matMul(tf: Tf, a: Tensor, b: Tensor): Tensor {
  return withGradient(
    tf,
    (x: Tensor, y: Tensor) => tf.matMul(x, y),
    (d, [x, y]) => [tf.matMul(d, transpose(tf, y)), tf.matMul(transpose(tf, x), d)],
  )(a, b)
}

/** x W^T for x [rows, in]. The gradient of W [out, in] is computed only if W is trained. */
export function linear(tf: Tf, x: Tensor2D, { weight, transposed }: Weight, trained: boolean): Tensor2D {
  const product = (input: Tensor2D) => tf.matMul<Tensor2D>(input, transposed)
  const dInput = (d: Tensor2D) => tf.matMul<Tensor2D>(d, weight)
  if (!trained) return withGradient(tf, product, dInput)(x)
  return withGradient(
    tf,
    (input: Tensor2D, _weight: Tensor2D) => product(input),
    (d, [input]) => [dInput(d), tf.matMul(transpose(tf, d), input)],
  )(x, weight)
}

/** Rows of a table [n, columns]. A row may be taken several times. */
export function gatherRows(tf: Tf, table: Tensor2D, rows: Int32Array): Tensor2D {
  return withGradient(
    tf,
    (all: Tensor2D) => tf.gather(all, tf.tensor1d(rows, 'int32')),
    (d) => tf.scatterND(tf.tensor2d(rows, [rows.length, 1], 'int32'), d, table.shape),
  )(table)
}

/** log softmax(logits)[row, targets[row]] for logits [rows, vocabulary]. */
export function logprobsOf(tf: Tf, logits: Tensor2D, targets: Int32Array): Tensor1D {
  // WebAssembly's OneHot writes integer bits for every dtype, hence the cast.
  const chosen = () => tf.cast(tf.oneHot(tf.tensor1d(targets, 'int32'), logits.shape[1]), 'float32')
  return withGradient(
    tf,
    (x: Tensor2D) => tf.sub(tf.sum(tf.mul(x, chosen()), 1), tf.logSumExp(x, 1)) as Tensor1D,
    (d, [x]) => tf.mul(tf.expandDims(d, 1), tf.sub(chosen(), tf.softmax(x))),
  )(logits)
}
