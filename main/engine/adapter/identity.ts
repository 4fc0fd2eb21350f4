/** Identifies an adapter by its weights, so that a copy of its folder is the same adapter. */
import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../messages/error.ts'

/**
 * The file of an adapter's weights.
 * @throws UserError if it is missing or not a file.
 */
export function weightsFile(folder: string): string {
  const file = join(folder, 'adapter_model.safetensors')
  const there = statSync(file, { throwIfNoEntry: false })
  if (there?.isFile()) return file
  if (there !== undefined) throw new UserError('safetensorsNotAFile', { file })
  const pickled = existsSync(join(folder, 'adapter_model.bin'))
  throw new UserError(pickled ? 'adapterInPickle' : 'safetensorsMissing', { file })
}

const PIECE = 1 << 20

/** SHA-256 of an adapter's weights, in hexadecimal. Throws UserError if they are missing. */
export function adapterDigest(folder: string): string {
  return createHash('sha256')
    .update(readFileSync(weightsFile(folder)))
    .digest('hex')
}

/** Whether two adapters of one size have the same weights. Different ones usually differ in the first pieces. */
export function sameWeights(a: string, b: string): boolean {
  const files = [a, b].map((folder) => openSync(weightsFile(folder), 'r'))
  const pieces = files.map(() => Buffer.alloc(PIECE))
  try {
    for (let at = 0; ; at += PIECE) {
      const [first, second] = files.map((file, i) => pieces[i]!.subarray(0, readSync(file, pieces[i]!, 0, PIECE, at)))
      if (!first!.equals(second!)) return false
      if (first!.length < PIECE) return true
    }
  } finally {
    for (const file of files) closeSync(file)
  }
}
