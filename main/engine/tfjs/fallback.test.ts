/** In its own file, because a process can start WebAssembly only once. */
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { expect, test } from 'vitest'
import { TINY as config, randomModel } from '../../../testing/random-model.ts'
import { english } from '../../messages/say.ts'
import { createTfjsEngine } from './engine.ts'

test('where WebAssembly does not start, plain JavaScript computes and the description says why', async () => {
  setWasmPaths('/nowhere/')
  const listeners = process.listenerCount('unhandledRejection')
  const engine = await createTfjsEngine(config, randomModel(config, 1))
  expect(english(engine.description)).toMatch(
    /^TensorFlow\.js in plain JavaScript, 1 thread; WebAssembly would be faster but does not start \(.*nowhere.*\)$/,
  )
  expect(process.listenerCount('unhandledRejection')).toBe(listeners)
  await engine.close()
})
