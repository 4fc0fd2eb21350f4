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

test('what all prompts begin with is a segment above them, if it is long', () => {
  const system = Array.from({ length: 40 }, (_, i) => i)
  const planted = (...prompts: number[][]) => {
    const sequences = prompts.map((prompt) => ({ prompt: tokens(...prompt), completion: tokens(7) }))
    const { forest, segments } = plant(sequences)
    const paths: number[][] = []
    for (const segment of forest) paths.push([...(paths[segment.parent] ?? []), ...segment.tokens])
    expect(segments.map((segment) => paths[segment])).toEqual(prompts.map((prompt) => [...prompt, 7]))
    return forest.map(({ tokens, parent, targetStart }) => [tokens.length, parent, targetStart])
  }
  expect(planted([...system, 50, 51], [...system, 60])).toEqual([
    [40, -1, 40],
    [2, 0, 2],
    [1, 1, 0],
    [1, 0, 1],
    [1, 3, 0],
  ])
  // One prompt is what the others begin with.
  expect(planted(system, [...system, 60])).toEqual([
    [40, -1, 40],
    [1, 0, 0],
    [1, 0, 1],
    [1, 2, 0],
  ])
  expect(planted(system, system)).toHaveLength(3)
  expect(planted([...system.slice(0, 31), 50], [...system.slice(0, 31), 51])).toHaveLength(4)
  // Two see the same page and begin their tasks alike.
  const page = [60, 61, 62, 63, 64, 65, 66, 67]
  const [short, long] = [
    [70, 71],
    [70, 72, 73],
  ]
  expect(planted([...system, ...page, ...short], [...system, 50], [...system, ...page, ...long])).toEqual([
    [40, -1, 40],
    [9, 0, 9],
    [1, 1, 1],
    [1, 2, 0],
    [1, 0, 1],
    [1, 4, 0],
    [2, 1, 2],
    [1, 6, 0],
  ])
  // Fewer tokens are no segment of their own.
  expect(planted([...system, ...page.slice(1)], [...system, ...page.slice(1), 70], [...system, 50])).toHaveLength(7)
  // The same page without a system turn.
  expect(planted([...page, ...short], [...page, ...long])).toHaveLength(4)
  // A page that is a whole prompt, and goes on for others.
  expect(planted([...system, ...page], [...system, ...page, 70], [...system, 50])).toEqual([
    [40, -1, 40],
    [8, 0, 8],
    [1, 1, 0],
    [1, 1, 1],
    [1, 3, 0],
    [1, 0, 1],
    [1, 5, 0],
  ])
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
