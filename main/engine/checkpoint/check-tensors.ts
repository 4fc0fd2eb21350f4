/** Checks tensors by their shapes and numbers. */
import { UserError } from '../../messages/error.ts'
import type { Value } from '../../messages/message.ts'
import type { Tensor, Tensors } from '../engine.ts'
import type { Shapes } from '../weights.ts'

/**
 * Checks that `tensors` are exactly those of `shapes` and all numbers are finite. `fileOf` returns a tensor's file.
 * @throws UserError that names the file and the tensor.
 */
export function checkTensors(tensors: Tensors, shapes: Shapes, fileOf: (name: string) => Value): void {
  checkShapes(new Map([...tensors].map(([name, { shape }]) => [name, shape])), shapes, fileOf)
  for (const [name, tensor] of tensors) checkFinite(name, tensor, fileOf)
}

/** Checks only names and shapes. @throws UserError as checkTensors does. */
export function checkShapes(found: Shapes, wanted: Shapes, fileOf: (name: string) => Value): void {
  for (const [name, shape] of wanted) {
    const actual = found.get(name)
    if (actual === undefined) throw new UserError('tensorMissing', { file: fileOf(name), name })
    if (actual.length !== shape.length || actual.some((n, axis) => n !== shape[axis])) {
      const lengths = { shape: actual.join(', '), wanted: shape.join(', ') }
      throw new UserError('tensorShapeWrong', { file: fileOf(name), name, ...lengths })
    }
  }
  for (const name of found.keys()) {
    if (!wanted.has(name)) {
      throw new UserError('tensorUnknown', { file: fileOf(name), name })
    }
  }
}

/** @throws UserError if a number of the tensor is not finite. */
export function checkFinite(name: string, { data }: Tensor, fileOf: (name: string) => Value): void {
  // Zero times NaN or infinity is NaN, and a sum with NaN is NaN.
  let sum = 0
  for (const value of data) sum += 0 * value
  if (sum !== 0) throw notFinite(name, fileOf)
}

/** The error for a tensor that holds NaN or infinity. */
export function notFinite(name: string, fileOf: (name: string) => Value): UserError {
  return new UserError('tensorNotFinite', { file: fileOf(name), name })
}
