import { expect, test } from 'vitest'
import { addJudgement, type Judged, reversed, takeJudgement } from './own-judgements.ts'

const round = { run: 1, round: 1 }
const step = (...pairs: number[]): Judged => pairs.map((pair) => ({ pair, before: null, after: 'drop' }))

test('a judgement of many is one step, which can be undone and redone; those of other annotators stay', () => {
  const [many, one] = [step(1, 2, 3), step(4)]
  addJudgement(round, 'Ada', many)
  addJudgement(round, 'Ada', one)
  addJudgement(round, 'Ada', [])
  expect(takeJudgement(round, 'Ben', 'undo')).toBeUndefined()
  expect(takeJudgement({ ...round, round: 2 }, 'Ada', 'undo')).toBeUndefined()
  expect(takeJudgement(round, 'Ada', 'redo')).toBeUndefined()
  expect(takeJudgement(round, 'Ada', 'undo', many)).toBe(many)
  expect(takeJudgement(round, 'Ada', 'undo', many)).toBeUndefined()
  expect(takeJudgement(round, 'Ada', 'undo')).toBe(one)
  expect([takeJudgement(round, 'Ada', 'redo'), takeJudgement(round, 'Ada', 'redo')]).toEqual([one, many])
  takeJudgement(round, 'Ada', 'undo')
  addJudgement(round, 'Ada', step(5))
  expect(takeJudgement(round, 'Ada', 'redo')).toBeUndefined()
  expect(reversed(one)).toEqual([{ pair: 4, before: 'drop', after: null }])
})
