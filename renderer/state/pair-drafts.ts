/** Unsaved edits of pairs. They survive a change of view or round. */
import { create } from 'zustand'
import type { Round } from '../lab.ts'

export interface Texts {
  readonly chosen: string
  readonly rejected: string
}

/** The pair of a round that is being edited. */
export interface PairDraft {
  readonly id: number
  /** null until something is typed. */
  readonly texts: Texts | null
}

const useDrafts = create<Readonly<Record<string, PairDraft | undefined>>>(() => ({}))

/** The edit in a round, null where there is none, and a function that changes or ends it. */
export function usePairDraft(round: Round): [PairDraft | null, (draft: PairDraft | null) => void] {
  const key = keyOf(round)
  const draft = useDrafts((drafts) => drafts[key])
  return [draft ?? null, (to) => useDrafts.setState({ [key]: to ?? undefined })]
}

/** The pair of a round that is being edited; null where none is. */
export function editedPair(round: Round): number | null {
  return useDrafts.getState()[keyOf(round)]?.id ?? null
}

function keyOf({ run, round }: Round): string {
  return `${run} ${round}`
}
