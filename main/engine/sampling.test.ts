import { expect, test } from 'vitest'
import { uniformStream } from './random.ts'
import { logSoftmax, sampleToken } from './sampling.ts'

const logits = [1, 3, 2, -40]

test('log-softmax and entropy', () => {
  const { logprobs, entropy } = logSoftmax([0, 0, Number.NEGATIVE_INFINITY])
  expect([...logprobs]).toEqual([-Math.LN2, -Math.LN2, Number.NEGATIVE_INFINITY])
  expect(entropy).toBeCloseTo(Math.LN2)
  expect(logSoftmax([1000, 0]).entropy).toBe(0)
})

test('temperature 0 takes the most likely token, the first of several', () => {
  expect(sampleToken([1, 5, 5], { temperature: 0, top_p: 1 }, 0.99)).toBe(1)
})

test('frequencies follow softmax(logits / temperature), cut to the nucleus', () => {
  const uniform = uniformStream(3)
  const draw = (temperature: number, top_p: number) => {
    const counts = [0, 0, 0, 0]
    for (let i = 0; i < 20_000; i++) counts[sampleToken(logits, { temperature, top_p }, uniform())]!++
    return counts.map((count) => count / 20_000)
  }
  const softmax = (temperature: number) => [...logSoftmax(logits.map((x) => x / temperature)).logprobs].map(Math.exp)
  for (const temperature of [0.5, 1, 2]) {
    const expected = softmax(temperature)
    for (const [token, share] of draw(temperature, 1).entries()) expect(share).toBeCloseTo(expected[token]!, 1.7)
  }
  // Token 1 has 0.665 and token 2 0.245 of the mass: 0.7 takes both, 0.6 the first alone.
  const [, one, two] = softmax(1)
  const nucleus = draw(1, 0.7)
  expect(nucleus[0]).toBe(0)
  expect(nucleus[1]).toBeCloseTo(one! / (one! + two!), 1.7)
  expect(draw(1, 0.6)).toEqual([0, 1, 0, 0])
})
