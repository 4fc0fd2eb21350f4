/**
 * Prints the SHA-256 of every tensor that the lab reads from a GGUF file, by llama.cpp's names, for gguf_tensors.py:
 *
 *     node bench/gguf-tensors.ts FILE | python bench/gguf_tensors.py FILE
 */
import { createHash } from 'node:crypto'
import { openCheckpoint } from '../main/engine/checkpoint/checkpoint.ts'
import { widen } from '../main/engine/checkpoint/dtype.ts'
import { ggufName } from '../main/engine/gguf/names.ts'
import { checkpointShapes } from '../main/engine/weights.ts'

const checkpoint = await openCheckpoint(process.argv[2] ?? '')
for (const name of checkpointShapes(checkpoint.config).keys()) {
  const hash = createHash('sha256')
  for await (const { dtype, bytes } of checkpoint.pieces(name)) hash.update(widen(bytes, dtype))
  console.log(`${ggufName(name)} ${hash.digest('hex')}`)
}
await checkpoint.close()
