import { expect, test, vi } from 'vitest'
import { pairActions } from './pair-actions.ts'

const rows = { total: 3, known: true, error: null, rowAt: () => undefined, onRange: () => undefined }

function setUp(
  { open = 20, at = 1, annotator = null }: { open?: number; at?: number; annotator?: string | null } = {},
  reverted: number | null = null,
) {
  const list = { rows, at, open, go: vi.fn(), show: vi.fn(async () => undefined) }
  const review = {
    annotator,
    judge: vi.fn(async () => {}),
    correct: vi.fn(async () => true),
    actOnMany: vi.fn(async () => null),
    revert: vi.fn(async () => reverted),
  }
  const setDraft = vi.fn()
  return { list, review, setDraft, actions: pairActions(list, review, setDraft) }
}

test('keeping or dropping corrects the open pair and goes to the next', () => {
  const { actions, list, review } = setUp()
  actions.judge('drop')
  expect(review.correct).toHaveBeenCalledWith(20, { kind: 'drop' })
  expect(list.go).toHaveBeenCalledWith(2)
})

test('after the last pair there is no next one', () => {
  const { actions, list } = setUp({ at: 2 })
  actions.judge('keep')
  expect(list.go).toHaveBeenCalledWith(2)
})

test('swapping and editing stay at the pair', () => {
  const { actions, list, review, setDraft } = setUp()
  actions.swap()
  expect(review.correct).toHaveBeenCalledWith(20, { kind: 'swap' })
  actions.edit()
  expect(setDraft).toHaveBeenCalledWith({ id: 20, texts: null })
  expect(list.go).not.toHaveBeenCalled()
})

test('an annotator judges apart, and edits nothing', () => {
  const { actions, list, review, setDraft } = setUp({ annotator: 'Ada' })
  actions.judge('drop')
  actions.swap()
  actions.edit()
  expect(review.judge.mock.calls).toEqual([
    [20, 'drop'],
    [20, 'swap'],
  ])
  expect(list.go).toHaveBeenCalledWith(2)
  expect([review.correct.mock.calls, setDraft.mock.calls]).toEqual([[], []])
})

test('without an open pair nothing is corrected', () => {
  const list = { rows, at: 0, open: undefined, go: vi.fn(), show: vi.fn() }
  const review = { annotator: null, judge: vi.fn(), correct: vi.fn(), actOnMany: vi.fn(), revert: vi.fn() }
  const actions = pairActions(list, review, vi.fn())
  actions.judge('keep')
  actions.swap()
  expect(review.correct).not.toHaveBeenCalled()
})

test('undo opens the pair that it changed, if there is one', async () => {
  const some = setUp({}, 7)
  await some.actions.revert('undo')
  expect(some.list.show).toHaveBeenCalledWith(7)
  const none = setUp({}, null)
  await none.actions.revert('redo')
  expect(none.review.revert).toHaveBeenCalledWith('redo', undefined)
  expect(none.list.show).not.toHaveBeenCalled()
})
