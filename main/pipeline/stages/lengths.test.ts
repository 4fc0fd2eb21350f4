import { expect, test } from 'vitest'
import { configSchema } from '../../config/schema.ts'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
import { english } from '../../messages/say.ts'
import type { Example } from '../../training/sft.ts'
import { EXAMPLES, PAIRS } from '../../training/truncate.ts'
import { stageLine } from '../line.ts'
import { LengthLimit, type Placed } from './lengths.ts'

const MODEL = { max_position_embeddings: 10 }

function limit(stage: 'sft' | 'dpo', max_length: number | null): LengthLimit {
  return new LengthLimit(stage, configSchema.parse({ training: { [stage]: { max_length } } }), MODEL)
}

const tokens = (count: number) => new Int32Array(count)
/** Pairs with a prompt, chosen and rejected of these lengths, each at a line of a file. */
const pairs = (...lengths: readonly (readonly [number, number, number])[]) =>
  lengths.map(([prompt, chosen, rejected], at) => ({
    item: { prompt: tokens(prompt), chosen: tokens(chosen), rejected: tokens(rejected) },
    place: () => `pairs.jsonl:${at + 1}`,
  }))

test('what is longer than the model is refused, each with its place, its length and what to do', () => {
  const fit = () => limit('dpo', null).fit('pairs', pairs([7, 3, 2], [7, 2, 4], [20, 1, 1]), PAIRS)
  expect(fit).toThrow(UserError)
  expect(fit).toThrow(
    /^pairs.jsonl:2: prompt and answer have 11 tokens, but the model takes at most 10\. .*training\.dpo\.max_length=10.*\npairs.jsonl:3: .* 21 tokens/,
  )
  expect(limit('dpo', null).fit('pairs', pairs([7, 3, 2]), PAIRS)).toHaveLength(1)
})

test('with max_length what is longer is cut as TRL does, counted and reported', () => {
  const own = limit('dpo', 8)
  const kept = own.fit('pairs', pairs([5, 3, 2], [5, 9, 2], [8, 1, 1], [20, 1, 1]), PAIRS)
  expect(kept.map(({ chosen, rejected }) => [chosen.length, rejected.length])).toEqual([
    [3, 2],
    [3, 2],
  ])
  expect(own.truncations).toEqual([{ what: 'pairs', of: 4, cut: 1, dropped: 2, max_length: 8 }])
  const said: string[] = []
  own.tell((id, ...given) => void said.push(english(message(id, ...given))))
  expect(said).toEqual([
    'training.dpo.max_length is 8. Of 4 pairs: 1 cut to this length, 2 left out because the prompt alone is that long.',
  ])
})

test('the line on a result says what was cut and dropped; one of a thing is no plural', () => {
  const done = { pairs: 1, reference: 'sft', arms: ['dpo'] }
  const cut = [{ what: 'pairs', of: 4, cut: 1, dropped: 2, max_length: 8 }]
  const line = (truncations: unknown) => {
    const told = stageLine({ stage: 'dpo', round: 1, status: 'done', result: { ...done, truncations } })
    return told === null ? null : english(told)
  }
  expect(line([])).toBe('1 pair, reference: SFT policy')
  expect(line(cut)).toBe('1 pair, reference: SFT policy; 1 cut to 8 tokens, 2 left out as too long')
})

test('max_length beyond the model does not help, and one that leaves nothing is refused', () => {
  expect(() => limit('sft', 30).fit('golden', [example(5, 9)], EXAMPLES)).toThrow(/14 tokens.*at most 10/)
  expect(limit('sft', 30).fit('golden', [example(5, 5)], EXAMPLES)).toHaveLength(1)
  expect(() => limit('sft', 4).fitSome('golden', [example(5, 1)], EXAMPLES)).toThrow(
    /training\.sft\.max_length is 4, which leaves none of the golden samples/,
  )
  expect(limit('sft', 4).fit('heldOut', [example(5, 1)], EXAMPLES)).toEqual([])
})

function example(prompt: number, completion: number): Placed<Example> {
  return { item: { prompt: tokens(prompt), completion: tokens(completion) }, place: () => 'golden.jsonl:1' }
}
