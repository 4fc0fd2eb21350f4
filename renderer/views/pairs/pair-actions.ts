/** The actions on the open pair. */
import type { PairDraft } from '../../state/pair-drafts.ts'
import type { PairList } from './pair-list.ts'
import type { Review } from './review.ts'

export interface PairActions {
  /** Keeps or drops the open pair, and goes to the next. */
  readonly judge: (kind: 'keep' | 'drop') => void
  readonly swap: () => void
  readonly edit: () => void
  /** Undoes or redoes what this window did last, or the step that is meant, and opens the first pair of it. */
  readonly revert: (...step: Parameters<Review['revert']>) => Promise<void>
}

export function pairActions(
  { rows, at, open, go, show }: Pick<PairList, 'rows' | 'at' | 'open' | 'go' | 'show'>,
  review: Review,
  setDraft: (draft: PairDraft | null) => void,
): PairActions {
  return {
    judge(kind) {
      if (open === undefined) return
      if (review.annotator === null) void review.correct(open, { kind })
      else void review.judge(open, kind)
      go(Math.min(rows.total - 1, at + 1))
    },
    swap() {
      if (open === undefined) return
      if (review.annotator === null) void review.correct(open, { kind: 'swap' })
      else void review.judge(open, 'swap')
    },
    edit() {
      // An annotator judges the texts as they are.
      if (review.annotator !== null) return
      setDraft(open === undefined ? null : { id: open, texts: null })
    },
    async revert(which, meant) {
      const id = await review.revert(which, meant)
      if (id !== null) await show(id)
    },
  }
}
