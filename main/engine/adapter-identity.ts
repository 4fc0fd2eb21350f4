/** Identifies an adapter by its weights, so that a copy of its folder is the same adapter. */
import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'

const WEIGHTS = 'adapter_model.safetensors'
const PIECE = 1 << 20

/** SHA-256 of an adapter's weights, in hexadecimal. */
export function adapterDigest(folder: string): string {
  return createHash('sha256')
    .update(readFileSync(join(folder, WEIGHTS)))
    .digest('hex')
}

/** Whether two adapters of one size have the same weights. Different ones usually differ in the first pieces. */
export function sameWeights(a: string, b: string): boolean {
  const files = [a, b].map((folder) => openSync(join(folder, WEIGHTS), 'r'))
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
