import { expect, test } from 'vitest'
import { UserError } from '../messages/error.ts'
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
      segment([8], 0, 1), // 3: below 0, no targets
      segment([7], 3, 0), // 4: below 3
    ],
    { vocab_size: 10, max_position_embeddings: 4 },
  )
  expect([...starts]).toEqual([0, 0, 1, 3, 3])
  expect([...counts]).toEqual([0, 1, 2, 0, 1])
  expect(targetCount).toBe(4)
  expect(trees).toHaveLength(2)
  const [first, second] = trees
  expect([...first!.tokens]).toEqual([1, 2, 5, 6, 8, 7])
  expect([...first!.forestRows]).toEqual([0, 1, 4, 5, 6, 7])
  expect([...first!.positions]).toEqual([0, 1, 2, 3, 2, 3])
  expect([...first!.predictors]).toEqual([1, 2, 4])
  expect([...first!.targets]).toEqual([5, 6, 7])
  expect([...first!.places]).toEqual([1, 2, 3])
  const sees = Array.from({ length: 6 }, (_, row) => first!.sees.subarray(6 * row, 6 * row + 6).join(''))
  expect(sees).toEqual(['100000', '110000', '111000', '111100', '110010', '110011'])
  expect([...second!.tokens]).toEqual([3, 4])
  expect([...second!.predictors]).toEqual([0])
  expect([...second!.places]).toEqual([0])
})

test.each([
  ['has no tokens', segment([], -1, 0)],
  ['names segment 1 as its parent', segment([1], 1, 1)],
  ['names segment -2 as its parent', segment([1], -2, 1)],
  ['has targetStart 2', segment([1], -1, 2)],
  ['nothing predicts it', segment([1, 2], -1, 0)],
  ['holds token id 10', segment([10], -1, 1)],
  ['holds token id -1', segment([-1], -1, 1)],
])('refuses a segment that %s', (what, wrong) => {
  const config = { vocab_size: 10, max_position_embeddings: 4 }
  expect(() => layOut([segment([1, 2], -1, 2), wrong], config)).toThrow(what)
  expect(() => layOut([], config)).toThrow('no segments')
})

test('a sequence that is longer than the model is an error of the user', () => {
  const config = { vocab_size: 10, max_position_embeddings: 4 }
  const prompt = segment([1, 2], -1, 2)
  expect(() => layOut([prompt, segment([1, 2], 0, 2)], config)).not.toThrow()
  expect(() => layOut([prompt, segment([1, 2, 3], 0, 3)], config)).toThrow(UserError)
  expect(() => layOut([prompt, segment([1, 2, 3], 0, 3)], config)).toThrow(/has 5 tokens.* at most 4/)
})
