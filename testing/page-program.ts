/** For tests: a host program in a page with an engine that needs no card, the table of bigrams. */
import { servePage } from '../main/engine/host/page-process.ts'
import { checkpointShapes } from '../main/engine/weights.ts'
import { createBigramEngine } from './bigram-engine.ts'
import { hosted } from './hosted.ts'

await servePage(
  hosted(async ({ config }, weights) => {
    const [name = ''] = checkpointShapes(config).keys()
    const base = new Float32Array(256)
    for await (const { offset, bytes } of weights.pieces(name)) {
      base.set(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4), offset)
    }
    return createBigramEngine(base)
  }),
)
