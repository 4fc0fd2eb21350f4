/** GGUF files as checkpoints. */

import { checkFinite, checkShapes } from '../checkpoint/check-tensors.ts'
import { widen } from '../checkpoint/dtype.ts'
import type { OpenCheckpoint } from '../checkpoint/open-checkpoint.ts'
import type { ModelConfig } from '../engine.ts'
import { checkpointShapes } from '../weights.ts'
import { modelConfigOf } from './config.ts'
import type { GgufTensor } from './header.ts'
import { ggufName, ROPE_FACTORS } from './names.ts'
import { isPaired } from './pair.ts'
import { type Gguf, openGguf } from './parts.ts'
import { GgufFiles, pieces, storedPieces, writtenDtype } from './tensor.ts'

/**
 * Opens a model in GGUF: reads the headers of its files. Numbers come as float32 where the file holds blocks.
 * @throws UserError as openGguf does, and if the architecture is none of this lab's, or its tensors differ from those that
 *   the metadata asks for.
 */
export async function openGgufCheckpoint(file: string): Promise<OpenCheckpoint> {
  const gguf = openGguf(file)
  const config = modelConfigOf(gguf)
  checkTensors(gguf, config)
  const files = await GgufFiles.open(gguf.files)
  const find = (name: string): GgufTensor => {
    const tensor = gguf.tensors.get(ggufName(name) ?? name)
    if (tensor === undefined) throw new Error(`${file} has no tensor ${name}`)
    return tensor
  }
  const fileOf = (name: string) => find(name).file
  const stored = (name: string) => storedPieces(files, find(name), isPaired(config, name) ? config.head_dim : null)
  return {
    config,
    notes: [],
    files: gguf.files,
    fileOf,
    dtypeOf: (name) => writtenDtype(find(name).type),
    storedAs(name) {
      const { type, begin, end } = find(name)
      return { type, bytes: end - begin }
    },
    async read(name) {
      const { shape } = find(name)
      const data = new Float32Array(shape.reduce((product, n) => product * n, 1))
      for await (const { offset, dtype, bytes } of pieces(stored(name))) data.set(widen(bytes, dtype), offset)
      const tensor = { shape, data }
      checkFinite(name, tensor, fileOf)
      return tensor
    },
    readBytes: (name, from, into) => files.read(find(name), from, into),
    pieces: (name) => pieces(stored(name)),
    stored,
    close: () => files.close(),
  }
}

function checkTensors({ file, tensors }: Gguf, config: ModelConfig): void {
  const found = new Map([...tensors].flatMap(([name, { shape }]) => (name === ROPE_FACTORS ? [] : [[name, shape]])))
  const wanted = new Map([...checkpointShapes(config)].map(([name, shape]) => [ggufName(name) ?? name, shape]))
  checkShapes(found, wanted, (name) => tensors.get(name)?.file ?? file)
}
