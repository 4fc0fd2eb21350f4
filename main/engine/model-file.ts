/** JSON files of model and adapter folders, read with one sentence for whatever is wrong with them. */
import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import { UserError } from '../messages/error.ts'
import type { Tensor, Tensors } from './engine.ts'
import type { Shapes } from './weights.ts'

/** The text of a file, or undefined where there is none. */
export async function readOptional(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new UserError(`${file} cannot be read: ${(error as Error).message}`)
  }
}

/**
 * Parses a file's text as JSON of the given form.
 * @throws UserError that names the file, the key, what is wrong with its value, and the cure.
 */
export function parseJsonFile<Schema extends z.ZodType>(
  file: string,
  text: string,
  schema: Schema,
  cure: string,
): z.output<Schema> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new UserError(`${file} is not JSON (${(error as Error).message}); copy it again from where it came from.`)
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  const key = issue.path.length === 0 ? '' : ` ${issue.path.join('.')}:`
  throw new UserError(`${file}:${key} ${issue.message}; ${cure}.`)
}

/**
 * Checks that `tensors` are exactly those of `shapes`, every number finite. `fileOf` says where a tensor is or belongs.
 * @throws UserError that names the file and the tensor.
 */
export function checkTensors(tensors: Tensors, shapes: Shapes, fileOf: (name: string) => string): void {
  checkShapes(new Map([...tensors].map(([name, { shape }]) => [name, shape])), shapes, fileOf)
  for (const [name, tensor] of tensors) checkFinite(name, tensor, fileOf)
}

/** Checks names and shapes alone. @throws UserError as checkTensors does. */
export function checkShapes(found: Shapes, wanted: Shapes, fileOf: (name: string) => string): void {
  for (const [name, shape] of wanted) {
    const actual = found.get(name)
    if (actual === undefined) throw new UserError(`${fileOf(name)} lacks the tensor ${name}; copy the file again.`)
    if (actual.length !== shape.length || actual.some((n, axis) => n !== shape[axis])) {
      throw new UserError(
        `${fileOf(name)}: ${name} is [${actual.join(', ')}], but by the model's config.json it must be [${shape.join(', ')}]; the files are of different models.`,
      )
    }
  }
  for (const name of found.keys()) {
    if (!wanted.has(name)) {
      throw new UserError(`${fileOf(name)} holds ${name}, which a Qwen2 model has not; it belongs to another model.`)
    }
  }
}

/** @throws UserError where a number of the tensor is not finite. */
export function checkFinite(name: string, { data }: Tensor, fileOf: (name: string) => string): void {
  // Zero times NaN or infinity is NaN, and stays NaN in a sum.
  let sum = 0
  for (const value of data) sum += 0 * value
  if (sum !== 0) throw notFinite(name, fileOf)
}

/** The sentence for a tensor that holds NaN or infinity. */
export function notFinite(name: string, fileOf: (name: string) => string): UserError {
  return new UserError(`${fileOf(name)}: ${name} holds NaN or infinity; the training that wrote it had diverged.`)
}
