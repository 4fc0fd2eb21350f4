/** Compares draws from logits with double precision, on odd vocabularies and one of more than 65,535 tokens. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { softwareDevice } from '../../../../testing/software-device.ts'
import { Bench, describeWebGpu, randomFloats } from '../../../../testing/webgpu.ts'
import { logSoftmax } from '../../sampling.ts'
import { readDrawn } from '../continuation.ts'
import { DRAW, DRAWN, sample } from './sample.ts'

interface Draw {
  readonly row: number
  readonly temperature: number
  readonly top_p: number
  readonly uniform: number
  readonly choices?: readonly number[]
}

/**
 * How far a sum of f32 may be from the right one, as a part of the whole: a nucleus may also end a token earlier or later, which is
 * 1.5e-5 of 70,001 tokens. Draws that are nearer to another token may differ.
 */
const ROUNDING = 3e-5

/** Expects the token whose range of the cumulated probability has the draw's number. */
function expectDrawn(token: number, logits: Float32Array, { temperature, top_p, uniform, choices }: Draw): void {
  const tokens = choices ?? [...logits.keys()]
  const theirs = tokens.map((each) => logits[each]!)
  if (temperature === 0) {
    expect(token).toBe(tokens[theirs.indexOf(Math.max(...theirs))])
    return
  }
  const chances = logSoftmax(theirs.map((logit) => logit / temperature)).logprobs.map(Math.exp)
  const order = [...chances.keys()]
  let mass = 1
  if (top_p < 1) {
    order.sort((a, b) => chances[b]! - chances[a]!)
    mass = 0
    for (const index of order) {
      mass += chances[index]!
      if (mass >= top_p) break
    }
  }
  let before = 0
  for (const index of order) {
    const after = before + chances[index]!
    if (tokens[index] === token) {
      expect(uniform * mass).toBeGreaterThan(before - ROUNDING)
      expect(uniform * mass).toBeLessThan(after + ROUNDING)
      return
    }
    before = after
  }
  expect.fail(`the token ${token} cannot be drawn`)
}

describe.each(['memory', 'subgroups'])('added up in %s', (adding) =>
  describeWebGpu('the kernel that samples', () => {
    let bench: Bench
    beforeAll(async () => {
      bench = new Bench(await softwareDevice(), adding === 'subgroups')
    }, 300_000)
    afterAll(() => bench?.close())

    /** Draws between poisoned memory, the first half of the draws in a dispatch of its own. */
    const drawAll = async (vocabulary: number, logits: Float32Array<ArrayBuffer>, draws: readonly Draw[]) => {
      const words = new Uint32Array(DRAW * draws.length)
      const floats = new Float32Array(words.buffer)
      const chosen: number[] = []
      draws.forEach(({ row, temperature, top_p, uniform, choices = [] }, index) => {
        words.set([row, chosen.length, choices.length, temperature === 0 ? 1 : 0], DRAW * index)
        floats.set([1 / Math.max(temperature, 1e-30), top_p, uniform], DRAW * index + 4)
        chosen.push(...choices)
      })
      const { program } = bench
      const views = {
        draws: program.hold(words),
        logits: program.hold(logits),
        choices: program.hold(Uint32Array.from(chosen)),
        chances: program.allocate(draws.length * vocabulary),
        drawn: program.allocate(DRAWN * draws.length),
      }
      const half = Math.floor(draws.length / 2)
      program.run(sample, views, { first: 0, vocabulary }, half)
      program.run(sample, views, { first: half, vocabulary }, draws.length - half)
      const [bytes] = await bench.bytes(views.drawn)
      return readDrawn(bytes!)
    }

    test.each([5, 301, 1023, 70_001])('%d tokens: greedy, all, the nucleus, and some choices', async (vocabulary) => {
      const rows = 2
      const logits = randomFloats(rows * vocabulary, vocabulary).map((value) => 8 * value)
      // Equal logits: the first token comes first.
      for (let i = 1; i < vocabulary; i += 3) logits[i] = Math.max(logits[i]!, logits[i - 1]!)
      const some = Array.from({ length: Math.min(4, vocabulary) }, (_, i) => (vocabulary - 1 - 3 * i + 20) % vocabulary)
      const many = Array.from({ length: Math.ceil(vocabulary / 2) }, (_, i) => (2 * i + 2) % vocabulary)
      const draws = [0, 1].flatMap((row) =>
        [undefined, some, many].flatMap((choices) => [
          { row, temperature: 0, top_p: 1, uniform: 0, ...(choices && { choices }) },
          ...[0, 0.2, 0.61, 0.999_999_99].flatMap((uniform) =>
            [
              [1, 1],
              [0.7, 0.9],
              [3, 0.5],
              [0.05, 0.3],
            ].map(([temperature, top_p]) => ({
              row,
              temperature: temperature!,
              top_p: top_p!,
              uniform,
              ...(choices && { choices }),
            })),
          ),
        ]),
      )
      const drawn = await drawAll(vocabulary, logits, draws)
      draws.forEach((draw, index) => {
        const own = logits.subarray(draw.row * vocabulary, (draw.row + 1) * vocabulary)
        const { token, logprob, finite } = drawn[index]!
        expect(finite).toBe(true)
        expectDrawn(token, own, draw)
        if (index % 17 === 0) expect(logprob).toBeCloseTo(logSoftmax(own).logprobs[token]!, 4)
      })
    })

    test('equal probabilities are drawn in the order of tokens, and strange logits are told', async () => {
      const logits = new Float32Array(3 * 9)
      logits.set([0, 1, 1, -50, 1, 1, 0, -3e38, 1], 0)
      logits.set([0, Number.NaN, 0, 0, 0, 0, 0, 0, 0], 9)
      logits.set([0, 0, 0, 0, 0, 0, 0, 0, Number.POSITIVE_INFINITY], 18)
      const among = { row: 0, temperature: 1, top_p: 0.5 }
      // The five likeliest have 0.2 each of their sum, and three of them are the nucleus.
      const drawn = await drawAll(9, logits, [
        { ...among, uniform: 0 },
        { ...among, uniform: 0.34 },
        { ...among, uniform: 0.99 },
        { ...among, row: 1, uniform: 0.5 },
        { ...among, row: 2, uniform: 0.5 },
      ])
      expect(drawn.slice(0, 3).map(({ token }) => token)).toEqual([1, 2, 4])
      expect(drawn.map(({ finite }) => finite)).toEqual([true, true, true, false, false])
    })
  }),
)
