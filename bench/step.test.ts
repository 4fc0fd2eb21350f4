import { expect, test } from 'vitest'
import { plant } from '../main/training/forest.ts'
import { plantUnshared } from './step.ts'
import { pairSequences, sequenceTokens, workload } from './workload.ts'

const { pairs, sequences } = workload(50, 3, 4, 0)

test('pairs share their prompts in one forest and not in the other, with the same targets', () => {
  const both = pairSequences(pairs)
  const [shared, unshared] = [plant(both), plantUnshared(both)]
  expect(shared.forest).toHaveLength(3 * 4)
  expect(unshared.forest).toHaveLength(4 * 4)
  both.forEach(({ prompt, completion }, i) => {
    for (const { forest, segments } of [shared, unshared]) {
      const segment = forest[segments[i]!]!
      expect(segment).toMatchObject({ tokens: completion, targetStart: 0 })
      expect(forest[segment.parent]!.tokens).toEqual(prompt)
    }
  })
})

test('the batch is as long as the lab’s, and the same for a seed', () => {
  expect(workload(50, 3, 4, 0)).toEqual({ pairs, sequences, prompts: [] })
  for (const { prompt, completion } of sequences) {
    expect(prompt.length).toBeGreaterThanOrEqual(160)
    expect(prompt.length).toBeLessThanOrEqual(340)
    expect(Math.max(...prompt, ...completion)).toBeLessThan(50)
  }
  const lengths = sequences.map(({ prompt, completion }) => prompt.length + completion.length)
  expect(sequenceTokens(sequences)).toBe(lengths[0]! + lengths[1]! + lengths[2]!)
})
