import { expect, test } from 'vitest'
import { EXAMPLES, PAIRS, truncate } from './truncate.ts'

const pair = (prompt: number, chosen: number, rejected: number) => ({
  prompt: tokens(prompt),
  chosen: tokens(chosen),
  rejected: tokens(rejected),
})
function tokens(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, at) => at)
}

test('a pair keeps the first tokens of both sequences; without a token of an answer it is dropped', () => {
  const pairs = [pair(3, 2, 2), pair(3, 4, 1), pair(5, 1, 1), pair(4, 3, 3), pair(9, 1, 1)]
  expect(truncate(pairs, 5, PAIRS)).toEqual({
    kept: [pair(3, 2, 2), pair(3, 2, 1), pair(4, 1, 1)],
    cut: 2,
    dropped: 2,
  })
})

test('an example keeps its weight and the first tokens of its sequence', () => {
  const example = { prompt: tokens(2), completion: tokens(4), weight: 2 }
  expect(truncate([example], 4, EXAMPLES)).toEqual({
    kept: [{ prompt: tokens(2), completion: tokens(2), weight: 2 }],
    cut: 1,
    dropped: 0,
  })
  expect(truncate([example], 2, EXAMPLES)).toEqual({ kept: [], cut: 0, dropped: 1 })
  expect(truncate([example], 6, EXAMPLES)).toEqual({ kept: [example], cut: 0, dropped: 0 })
})
