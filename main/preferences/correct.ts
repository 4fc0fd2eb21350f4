/** What a person can do to a pair, and what becomes of it. */
import { UserError } from '../messages/error.ts'
import { type Marks, marksOf, type StoredPair } from '../store/pairs.ts'

export type ReviewAction =
  /** It is good as it is. */
  | { readonly kind: 'keep' }
  /** Training must not see it. */
  | { readonly kind: 'drop' }
  /** The wrong way round: chosen is rejected, rejected is chosen. */
  | { readonly kind: 'swap' }
  /** Other words for one answer or for both. */
  | { readonly kind: 'edit'; readonly chosen?: string | undefined; readonly rejected?: string | undefined }
  | { readonly kind: 'note'; readonly note: string }

/** What an action makes of a pair. Throws UserError for an edit that leaves chosen and rejected the same or empty. */
export function corrected(pair: StoredPair, action: ReviewAction): Marks {
  const marks = marksOf(pair)
  switch (action.kind) {
    case 'keep':
      return { ...marks, keep: true, reviewed: true }
    case 'drop':
      return { ...marks, keep: false, reviewed: true }
    case 'swap':
      return {
        ...marks,
        chosen: marks.rejected,
        rejected: marks.chosen,
        chosenAttempt: marks.rejectedAttempt,
        rejectedAttempt: marks.chosenAttempt,
        margin: turned(marks.margin),
        policyMargin: turned(marks.policyMargin),
        swapped: !marks.swapped,
        reviewed: true,
      }
    case 'edit': {
      const { chosen = marks.chosen, rejected = marks.rejected } = action
      if (chosen.trim() === '' || rejected.trim() === '') throw new UserError('answerEmpty', { pair: pair.id })
      if (chosen === rejected) throw new UserError('answersSame', { pair: pair.id })
      return { ...marks, chosen, rejected, margin: null, policyMargin: null, edited: true, reviewed: true }
    }
    case 'note':
      return { ...marks, note: action.note }
  }
}

/** A margin of a pair the other way round. */
function turned(margin: number | null): number | null {
  return margin === null ? null : -margin
}
