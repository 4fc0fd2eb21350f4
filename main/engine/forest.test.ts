import { expect, test } from 'vitest'
import { layOut } from './forest.ts'

const segment = (tokens: number[], parent: number, targetStart: number) => ({
  tokens: Int32Array.from(tokens),
  parent,
  targetStart,
})

test('lays trees out by themselves, with paths, predictors and places of targets', () => {
  const { trees, starts, counts, targetCount } = layOut(
    [
      segment([1, 2], -1, 2), // 0: a prompt
      segment([3, 4], -1, 1), // 1: another tree
      segment([5, 6], 0, 0), // 2: below 0
      segment([], 0, 0), // 3: below 0, empty
      segment([7], 3, 0), // 4: below 3
    ],
    10,
  )
  expect([...starts]).toEqual([0, 0, 1, 3, 3])
  expect([...counts]).toEqual([0, 1, 2, 0, 1])
  expect(targetCount).toBe(4)
  expect(trees).toHaveLength(2)
  const [first, second] = trees
  expect([...first!.tokens]).toEqual([1, 2, 5, 6, 7])
  expect([...first!.forestRows]).toEqual([0, 1, 4, 5, 6])
  expect([...first!.positions]).toEqual([0, 1, 2, 3, 2])
  expect([...first!.predictors]).toEqual([1, 2, 1])
  expect([...first!.targets]).toEqual([5, 6, 7])
  expect([...first!.places]).toEqual([1, 2, 3])
  const sees = Array.from({ length: 5 }, (_, row) => first!.sees.subarray(5 * row, 5 * row + 5).join(''))
  expect(sees).toEqual(['10000', '11000', '11100', '11110', '11001'])
  expect([...second!.tokens]).toEqual([3, 4])
  expect([...second!.predictors]).toEqual([0])
  expect([...second!.places]).toEqual([0])
})

test('refuses what is not a forest', () => {
  expect(() => layOut([segment([1], 0, 1)], 10)).toThrow('Segment 0 has parent 0')
  expect(() => layOut([segment([1], -2, 1)], 10)).toThrow('Segment 0 has parent -2')
  expect(() => layOut([segment([1], -1, 2)], 10)).toThrow('targetStart 2')
  expect(() => layOut([segment([1, 2], -1, 0)], 10)).toThrow('nothing stands before its first target')
  expect(() => layOut([segment([10], -1, 1)], 10)).toThrow('token 10')
})
