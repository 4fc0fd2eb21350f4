import { describe, expect, test } from 'vitest'
import { describeNative } from '../../testing/native.ts'
import { randomModel } from '../../testing/random-model.ts'
import { UserError } from '../messages/error.ts'
import { START, Walker } from './constraint.ts'
import type { Constraint, Engine, ModelConfig, Sampling, Vocabulary } from './engine.ts'
import { createNativeEngine } from './native/engine.ts'
import { createTfjsEngine } from './tfjs/engine.ts'

/** Bytes, then tokens of several bytes, some of them parts of characters; then a token that no text becomes. */
const TOKENS: readonly Buffer[] = [
  ...Array.from({ length: 256 }, (_, byte) => Buffer.of(byte)),
  ...[' a', ' b', 'ab', 'a\n', '\n\n', '\na', 'b =', ' = ', 'é', '🙂', 'a🙂', '  ', ' \n'].map((text) =>
    Buffer.from(text),
  ),
  Buffer.of(0xf0, 0x9f),
  Buffer.of(0x99, 0x82, 0x61),
  Buffer.of(0xa9, 0x0a),
  Buffer.from('zz'.repeat(20)),
]
const VOCABULARY: Vocabulary = {
  bytes: Buffer.concat(TOKENS),
  offsets: Int32Array.from([0, ...TOKENS, Buffer.of()], (_, at) =>
    TOKENS.slice(0, at).reduce((sum, { length }) => sum + length, 0),
  ),
}
const STOP = TOKENS.length

/** Texts as a tree; what follows a node begins with different letters. */
interface Tree {
  readonly text?: number
  readonly ends?: boolean
  readonly next?: Readonly<Record<string, Tree>>
}
function constraintOf(tree: Tree, reserve = 0): Constraint {
  const nodes = { bytes: [0], children: [-1], siblings: [-1], texts: [-1], ends: [0] }
  const add = (at: number, { text = -1, ends = false, next = {} }: Tree) => {
    nodes.texts[at] = text
    nodes.ends[at] = ends ? 1 : 0
    for (const [letters, child] of Object.entries(next)) {
      const [first, ...rest] = Buffer.from(letters)
      const node = nodes.bytes.push(first!) - 1
      nodes.siblings.push(nodes.children[at]!)
      nodes.children[at] = node
      nodes.children.push(-1)
      add(node, rest.length === 0 ? child : { next: { [Buffer.from(rest).toString()]: child } })
    }
  }
  add(0, tree)
  return {
    vocabulary: VOCABULARY,
    bytes: Uint8Array.from(nodes.bytes),
    children: Int32Array.from(nodes.children),
    siblings: Int32Array.from(nodes.siblings),
    texts: Int32Array.from(nodes.texts),
    ends: Uint8Array.from(nodes.ends),
    reserve,
  }
}

const CONSTRAINTS: Readonly<Record<string, Constraint>> = {
  'a text, then one of several': constraintOf(
    {
      next: {
        't: ': {
          text: 2 ** 30,
          next: { '\n': { next: { a: { ends: true, next: { b: { ends: true } } }, zz: { ends: true } } } },
        },
      },
    },
    9,
  ),
  'a text of at most four units': constraintOf({ next: { 'b = ': { text: 4, ends: true } } }),
  'a free text': constraintOf({ text: 2 ** 30, ends: true }),
  'one text': constraintOf({ next: { ab: { ends: true } } }),
  'long texts': constraintOf({ next: { ['z'.repeat(200)]: { ends: true }, a: { ends: true } } }),
}

const bytesOf = (tokens: Iterable<number>) => Buffer.concat([...tokens].map((token) => TOKENS[token] ?? Buffer.of()))

test('free text is UTF-8 on one line, as TextDecoder reads it', () => {
  const walker = new Walker(CONSTRAINTS['a free text']!)
  const isText = (bytes: readonly number[]) => {
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes))
      return !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)
    } catch {
      return false
    }
  }
  const isAllowed = (bytes: readonly number[]) => {
    let place: typeof START | null = START
    for (const byte of bytes) if (place !== null) place = walker.after(place, byte)
    return place !== null && walker.mayEnd(place)
  }
  const edges = [
    0x00, 0x0a, 0x1f, 0x20, 0x7e, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xa7, 0xa8, 0xa9, 0xaa, 0xbf, 0xc0, 0xc1, 0xc2,
  ]
  const firsts = [
    ...edges,
    0xc3,
    0xdf,
    0xe0,
    0xe1,
    0xe2,
    0xe3,
    0xec,
    0xed,
    0xee,
    0xef,
    0xf0,
    0xf1,
    0xf3,
    0xf4,
    0xf5,
    0xff,
  ]
  for (const a of firsts) {
    expect(isAllowed([a]), `${a}`).toBe(isText([a]))
    for (const b of edges) {
      expect(isAllowed([a, b]), `${a} ${b}`).toBe(isText([a, b]))
      for (const c of edges) {
        expect(isAllowed([a, b, c]), `${a} ${b} ${c}`).toBe(isText([a, b, c]))
        if (a >= 0xf0) expect(isAllowed([a, b, c, 0x85]), `${a} ${b} ${c}`).toBe(isText([a, b, c, 0x85]))
      }
    }
  }
})

test('the shortest completion is counted in tokens', () => {
  expect(new Walker(CONSTRAINTS['one text']!).shortest).toBe(2)
  // t, :, blank, newline with a, stop: no token has more of it.
  expect(new Walker(CONSTRAINTS['a text, then one of several']!).shortest).toBe(6)
  // Five tokens of forty letters, but a alone is shorter.
  expect(new Walker(CONSTRAINTS['long texts']!).shortest).toBe(2)
})

const CONFIG: ModelConfig = {
  model_type: 'qwen2',
  head_dim: 8,
  attention_bias: true,
  rope_scaling: null,
  vocab_size: STOP + 9,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  rms_norm_eps: 1e-6,
  rope_theta: 1e4,
  max_position_embeddings: 128,
  tie_word_embeddings: true,
}
const PROMPTS = [Int32Array.of(1, 2, 3), Int32Array.of(1, 2, 3), Int32Array.of(70, 71)]

describeNative('engines hold completions to a constraint', () => {
  const model = randomModel(CONFIG, 3, 0.3)
  const engines: Promise<Engine[]> = Promise.all([
    createNativeEngine(CONFIG, model, { threads: 2 }),
    createTfjsEngine(CONFIG, model),
  ])

  const sampling = (temperature: number, top_p: number, max_new_tokens: number, start: number): Sampling => ({
    temperature,
    top_p,
    max_new_tokens,
    stop_token_ids: [STOP, STOP + 20],
    seeds: PROMPTS.map((_, at) => start + at),
  })

  test.each(Object.entries(CONSTRAINTS))(
    '%s: alike, within the limit, with the log-probabilities of the model',
    async (_, held) => {
      const [native, tfjs] = await engines
      const walker = new Walker(held)
      for (const [temperature, top_p] of [
        [0, 1],
        [1, 1],
        [3, 0.7],
        [9, 1],
      ] as const) {
        for (const limit of [walker.shortest, walker.shortest + 3, 24]) {
          const options = { ...sampling(temperature, top_p, limit, limit), constraints: PROMPTS.map(() => held) }
          const [ours, theirs] = await Promise.all([
            native!.generate(PROMPTS, options, null),
            tfjs!.generate(PROMPTS, options, null),
          ])
          expect(ours.map(({ tokens }) => [...tokens])).toEqual(theirs.map(({ tokens }) => [...tokens]))
          for (const [at, { tokens, logprobs, stopped }] of ours.entries()) {
            expect(stopped).toBe(true)
            expect(tokens.at(-1)).toBe(STOP)
            let place = START
            for (const token of tokens.subarray(0, -1)) place = walker.after(place, token)!
            expect(walker.mayEnd(place), bytesOf(tokens).toString()).toBe(true)
            const { logprobs: own } = await native!.logprobs(
              [
                { tokens: PROMPTS[at]!, parent: -1, targetStart: PROMPTS[at]!.length },
                { tokens, parent: 0, targetStart: 0 },
              ],
              null,
            )
            for (const [i, logprob] of logprobs.entries()) expect(logprob).toBeCloseTo(own[i]!, 3)
          }
        }
      }
    },
  )

  test('beside others that are not held, and without a change to those', async () => {
    const [native] = await engines
    const options = sampling(1, 0.9, 16, 5)
    const free = await native!.generate(PROMPTS, options, null)
    const mixed = await native!.generate(
      PROMPTS,
      { ...options, constraints: [null, CONSTRAINTS['one text']!, null] },
      null,
    )
    expect(mixed[0]).toEqual(free[0])
    expect(mixed[2]).toEqual(free[2])
    expect(bytesOf(mixed[1]!.tokens).toString()).toBe('ab')
    const alone = await native!.generate(
      [PROMPTS[1]!],
      { ...options, seeds: [6], constraints: [CONSTRAINTS['one text']!] },
      null,
    )
    expect(alone[0]).toEqual(mixed[1])
  })

  test('a limit below the shortest completion is refused by both', async () => {
    const options = { ...sampling(1, 1, 1, 0), constraints: PROMPTS.map(() => CONSTRAINTS['one text']!) }
    for (const engine of await engines) {
      const refused = expect(engine.generate(PROMPTS, options, null)).rejects
      await refused.toThrow(UserError)
    }
  })
})

describe('the tokens that a walker allows', () => {
  test.each(Object.entries(CONSTRAINTS))('%s: are those that it goes on by, and leave room for the end', (_, held) => {
    const walker = new Walker(held)
    const all = Array.from(TOKENS.keys())
    for (const left of [1, 2, 5, 300]) {
      const allowed = walker.allowed(START, left, 0)
      const possible = all.filter((token) => walker.after(START, token) !== null)
      expect(possible).toEqual(expect.arrayContaining(allowed))
      if (left === 300) expect(allowed).toEqual(possible)
    }
  })
})
