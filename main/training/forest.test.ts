import { expect, test } from 'vitest'
import { forestTokens, plant, segmentLogp, targets } from './forest.ts'

const tokens = (...values: number[]) => Int32Array.from(values)

test('equal prompts become one root, completions hang below as targets', () => {
  const { forest, segments } = plant([
    { prompt: tokens(1, 2), completion: tokens(3, 4) },
    { prompt: tokens(1, 2), completion: tokens(5) },
    { prompt: tokens(12), completion: tokens(3, 4) },
  ])
  expect(forest.map(({ tokens, parent, targetStart }) => [[...tokens], parent, targetStart])).toEqual([
    [[1, 2], -1, 2],
    [[3, 4], 0, 0],
    [[5], 0, 0],
    [[12], -1, 1],
    [[3, 4], 3, 0],
  ])
  expect(segments).toEqual([1, 2, 4])
  expect(forestTokens(forest)).toBe(8)
})

test('a segment finds its own scores', () => {
  const scores = {
    logprobs: Float32Array.of(-1, -2, -4),
    entropies: new Float32Array(3),
    hits: new Uint8Array(3),
    starts: Int32Array.of(0, 0, 2),
    counts: Int32Array.of(0, 2, 1),
  }
  expect([...targets(scores, 1)]).toEqual([-1, -2])
  expect(segmentLogp(scores, 1)).toBe(-3)
  expect(segmentLogp(scores, 0)).toBe(0)
})
