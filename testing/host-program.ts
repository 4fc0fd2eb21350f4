/**
 * For tests: a host program in a Node process with an engine that needs no card, that of TensorFlow.js on plain
 * JavaScript.
 */
import { widen } from '../main/engine/checkpoint/dtype.ts'
import type { Tensor } from '../main/engine/engine.ts'
import { serveProcess } from '../main/engine/host/node-process.ts'
import { createTfjsEngine } from '../main/engine/tfjs/engine.ts'
import { checkpointShapes } from '../main/engine/weights.ts'
import { hosted } from './hosted.ts'

await serveProcess(
  hosted(async ({ config }, weights) => {
    const tensors = new Map<string, Tensor>()
    for (const [name, shape] of checkpointShapes(config)) {
      const data = new Float32Array(shape.reduce((product, n) => product * n, 1))
      for await (const { offset, dtype, bytes } of weights.pieces(name)) data.set(widen(bytes, dtype), offset)
      tensors.set(name, { shape, data })
    }
    return createTfjsEngine(config, tensors, { backend: 'cpu' })
  }),
)
