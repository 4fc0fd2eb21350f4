/** For tests: a lab whose host computes a long batch when this process is killed. */
import { fileURLToPath } from 'node:url'
import { streamTensors } from '../main/engine/checkpoint/tensor-stream.ts'
import { startNodeHost } from '../main/engine/host/node-host.ts'
import { openRemoteEngine } from '../main/engine/host/remote-engine.ts'
import { HOLDING } from './hosted.ts'
import { randomModel, TINY } from './random-model.ts'

const program = fileURLToPath(new URL('./host-program.ts', import.meta.url))
const engine = await openRemoteEngine(
  startNodeHost({ program }),
  { kind: 'tfjs', config: TINY, wish: { name: null, power: null }, holding: HOLDING },
  streamTensors(randomModel(TINY, 1)),
)
const tree = { tokens: new Int32Array(128).fill(1), parent: -1, targetStart: 1 }
const computing = engine.logprobs(new Array(2000).fill(tree), null)
console.log('computing')
await computing
