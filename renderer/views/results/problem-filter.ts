/** The filter of the problem list: a kind of outcome, a task, and two policies. */
import type { Place } from '../../location.ts'
import type { PairedKind } from '../../parts/outcome-split.tsx'

export const KINDS: readonly PairedKind[] = ['won', 'lost', 'both', 'neither']

export interface ProblemFilter {
  /** The compared policies, by their arms. */
  readonly arm: string
  readonly other: string
  /** Which of them solved the problem; undefined for every problem. */
  readonly kind: PairedKind | undefined
  readonly task: string | undefined
}

/**
 * The filter that an address names; null where it names none. `against` holds each compared policy and the policy it is
 * compared to. The filter uses SFT where the address names none of them.
 */
export function problemFilter(
  { kind: named, task, against: wanted }: Place['query'],
  against: Readonly<Record<string, { readonly arm: string } | undefined>>,
): ProblemFilter | null {
  const kind = KINDS.find((one) => one === named)
  if (kind === undefined && task === undefined) return null
  const other = wanted !== undefined && wanted in against ? wanted : 'sft'
  return { arm: against[other]?.arm ?? 'dpo', other, kind, task }
}
