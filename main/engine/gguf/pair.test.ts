import { expect, test } from 'vitest'
import { pairRows, pairRuns } from './pair.ts'

test('the halves of each head alternate, as in llama.cpp’s converter', () => {
  // Two heads of four rows, two numbers a row: LlamaModel.permute in conversion/llama.py gives rows 0 2 1 3 4 6 5 7.
  const rows = Float32Array.from({ length: 16 }, (_, i) => Math.floor(i / 2))
  expect([...pairRows(rows, 2, 4)].filter((_, i) => i % 2 === 0)).toEqual([0, 2, 1, 3, 4, 6, 5, 7])
})

test('runs that end within a head give the same', async () => {
  const rows = Float32Array.from({ length: 3 * 6 * 5 }, (_, i) => i)
  const runs = async function* () {
    for (const [from, to] of [
      [0, 4],
      [4, 7],
      [7, 18],
    ] as const) {
      yield rows.slice(from * 5, to * 5)
    }
  }
  const paired: number[] = []
  for await (const run of pairRuns(runs(), 5, 6)) paired.push(...run)
  expect(paired).toEqual([...pairRows(rows, 5, 6)])
})
