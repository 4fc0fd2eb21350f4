import { expect, test } from 'vitest'
import { uniformStream } from '../engine/random.ts'
import type { StoredPair } from '../store/pairs.ts'
import type { FilePair } from './dataset.ts'
import { matchPairs } from './match.ts'

const stored = (id: number, values: Partial<StoredPair>): StoredPair => ({
  ...{ id, run: 1, round: 1, task: 'a', seed: 0, step: 0, prompt: 'p', chosen: 'c', rejected: 'r' },
  ...{ chosenAttempt: 0, rejectedAttempt: 1, margin: 1, policyMargin: null, keep: true },
  ...{ swapped: false, edited: false, reviewed: false, note: '' },
  ...values,
})

/** The same search as a person would write it down: for each line, look through all pairs. */
function plainly(pairs: readonly StoredPair[], file: readonly FilePair[]) {
  const left = new Set(pairs)
  const known = new Map<number, number>()
  for (const alike of [
    (pair: StoredPair, line: FilePair) => pair.chosen === line.chosen && pair.rejected === line.rejected,
    (pair: StoredPair, { chosen, rejected }: FilePair) =>
      [chosen, rejected].some((text) => text === pair.chosen || text === pair.rejected),
    () => true,
  ]) {
    for (const line of file) {
      if (known.has(line.line)) continue
      const there = [...left].filter(
        (pair) =>
          pair.prompt === line.prompt &&
          (['task', 'seed', 'step'] as const).every((key) => line[key] === null || line[key] === pair[key]) &&
          alike(pair, line),
      )
      const pair = there.find(({ keep }) => keep) ?? there[0]
      if (pair === undefined) continue
      known.set(line.line, pair.id)
      left.delete(pair)
    }
  }
  return { known: [...known].sort(([a], [b]) => a - b), missing: [...left].map(({ id }) => id) }
}

test('matches are those of the plain search', () => {
  const random = uniformStream(7)
  const among = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!
  for (let round = 0; round < 200; round++) {
    const texts = ['x', 'y', 'z', 'u', 'v']
    const values = () => ({
      ...{ prompt: among(['p', 'q']), chosen: among(texts), rejected: among(texts) },
      ...{ task: among(['a', 'b']), seed: among([0, 1]), step: among([0, 1]) },
    })
    const pairs = Array.from({ length: 12 }, (_, id) => stored(id, { ...values(), keep: random() < 0.7 }))
    const lines = Array.from({ length: 12 }, (_, at): FilePair => {
      const { task, seed, step, ...words } = values()
      const orNull = <T>(value: T) => (random() < 0.5 ? value : null)
      return { line: at + 1, ...words, task: orNull(task), seed: orNull(seed), step: orNull(step) }
    })
    const distinct = [...new Map(lines.map(({ line, ...one }) => [JSON.stringify(one), { line, ...one }])).values()]
    const { known, fresh, missing } = matchPairs(pairs, lines)
    expect({
      known: known.map(({ line, pair }) => [line.line, pair.id]),
      missing: missing.map(({ id }) => id),
    }).toEqual(plainly(pairs, distinct))
    expect(fresh.length + known.length).toBe(distinct.length)
  }
})

test('twenty thousand lines of one prompt are matched', () => {
  const many = Array.from({ length: 20_000 }, (_, id) => stored(id, { chosen: `c${id}`, rejected: `r${id}` }))
  const lines = many.map(({ prompt, rejected }, line): FilePair => {
    return { line, prompt, chosen: 'new', rejected, task: null, seed: null, step: null }
  })
  expect(matchPairs(many, lines).known.every(({ pair, line }) => pair.id === line.line)).toBe(true)
  const fresh = lines.map((line) => ({ ...line, rejected: `${line.rejected} too`, prompt: 'q' }))
  expect(matchPairs(many, fresh).fresh).toHaveLength(20_000)
})
