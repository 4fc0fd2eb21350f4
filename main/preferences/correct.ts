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

/**
 * The pair after a correction. `collected` is the pair before its first correction. Throws UserError for an edit that
 * leaves chosen and rejected the same or empty.
 */
export function corrected(pair: StoredPair, action: ReviewAction, collected: Marks): Marks {
  const marks = marksOf(pair)
  switch (action.kind) {
    case 'keep':
      return { ...marks, keep: true, reviewed: true }
    case 'drop':
      return { ...marks, keep: false, reviewed: true }
    case 'swap':
      return { ...exchanged(marks), swapped: !marks.swapped, reviewed: true }
    case 'edit': {
      const chosen = (action.chosen ?? marks.chosen).toWellFormed()
      const rejected = (action.rejected ?? marks.rejected).toWellFormed()
      if (chosen.trim() === '' || rejected.trim() === '') throw new UserError('answerEmpty', { pair: pair.id })
      if (chosen === rejected) throw new UserError('answersSame', { pair: pair.id })
      return { ...withAnswers(marks, collected, chosen, rejected), reviewed: true }
    }
    case 'note':
      return { ...marks, note: action.note.toWellFormed() }
  }
}

/**
 * The pair with other answers. An answer that was collected brings its attempt to its side, and a pair with both
 * collected answers is not edited.
 */
function withAnswers(marks: Marks, collected: Marks, chosen: string, rejected: string): Marks {
  const stays = chosen === collected.chosen || rejected === collected.rejected
  const crosses = chosen === collected.rejected || rejected === collected.chosen
  const swapped = stays === crosses ? marks.swapped : crosses
  const origin = swapped ? exchanged(collected) : collected
  const edited = chosen !== origin.chosen || rejected !== origin.rejected
  const { chosenAttempt, rejectedAttempt } = origin
  const margins = edited ? { margin: null, policyMargin: null } : marginsOf(marks, origin, swapped)
  return { ...marks, chosen, rejected, chosenAttempt, rejectedAttempt, ...margins, swapped, edited }
}

/** The margins of a pair with both collected answers: the latest that are known of them. */
function marginsOf(marks: Marks, origin: Marks, swapped: boolean): Pick<Marks, 'margin' | 'policyMargin'> {
  if (marks.edited) return { margin: origin.margin, policyMargin: origin.policyMargin }
  const { margin, policyMargin } = swapped === marks.swapped ? marks : exchanged(marks)
  return { margin, policyMargin }
}

/** A pair with exchanged sides. */
function exchanged(marks: Marks): Marks {
  return {
    ...marks,
    chosen: marks.rejected,
    rejected: marks.chosen,
    chosenAttempt: marks.rejectedAttempt,
    rejectedAttempt: marks.chosenAttempt,
    margin: turned(marks.margin),
    policyMargin: turned(marks.policyMargin),
  }
}

/** The margin of a pair after chosen and rejected have swapped. */
function turned(margin: number | null): number | null {
  return margin === null ? null : -margin
}
