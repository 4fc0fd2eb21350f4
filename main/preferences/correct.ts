/** Corrections of a pair by a person, and their effects. */
import { UserError } from '../messages/error.ts'
import { type Marks, marksOf, type StoredPair } from '../store/pairs.ts'

export type ReviewAction =
  /** The pair is good. */
  | { readonly kind: 'keep' }
  /** Training must not use it. */
  | { readonly kind: 'drop' }
  /** Chosen and rejected are the wrong way round. */
  | { readonly kind: 'swap' }
  /** New text for one answer or both. */
  | { readonly kind: 'edit'; readonly chosen?: string | undefined; readonly rejected?: string | undefined }
  | { readonly kind: 'note'; readonly note: string }

/** The pair after a correction. Throws UserError for an edit that leaves chosen and rejected the same or empty. */
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

/** The margin of a pair after chosen and rejected have swapped. */
function turned(margin: number | null): number | null {
  return margin === null ? null : -margin
}
