import { expect, test, vi } from 'vitest'
import { publishedShape } from '../engine/shapes.ts'
import { checkFloat32Fits, checkRoom } from './float32.ts'

vi.mock('../engine/machine.ts', async (original) => ({
  ...(await original()),
  memoryHere: () => ({ total: 2000, available: 1000 }),
}))

const seven = publishedShape('Qwen2-7B')!
const card = { name: 'NVIDIA GeForce RTX 4060', memory: 8188 * 2 ** 20 }

test('what TensorFlow.js cannot hold is refused with how much it takes', () => {
  expect(() => checkFloat32Fits(seven, 'tfjs', 16e9, null)).toThrow(
    'tfjs holds weights in fp32, which takes 30.46 GB for this model, but only 16.00 GB of memory are free; set model.engine to native',
  )
  expect(() => checkFloat32Fits(seven, 'tfjs-node-gpu', 64e9, card)).toThrow(
    'takes 30.46 GB for this model, but NVIDIA GeForce RTX 4060 has 8.59 GB;',
  )
  expect(() => checkFloat32Fits(seven, 'tfjs-node-gpu', 64e9, null)).not.toThrow()
  expect(() => checkFloat32Fits(publishedShape('Qwen2-0.5B')!, 'tfjs-node-gpu', 16e9, card)).not.toThrow()
})

test('a model is looked at before it is loaded on TensorFlow.js, and never on the native engine', async () => {
  await expect(checkRoom(seven, 'tfjs')).rejects.toThrow('tfjs holds weights in fp32')
  await expect(checkRoom(seven, 'native')).resolves.toBeUndefined()
})
