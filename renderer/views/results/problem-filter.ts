/** Which problems are listed: those of a kind of outcome, of a task, of two policies. */
import type { Place } from '../../location.ts'
import type { PairedKind } from '../../parts/outcome-split.tsx'

export const KINDS: readonly PairedKind[] = ['won', 'lost', 'both', 'neither']

export interface ProblemFilter {
  /** The policies that are compared, by their arms. */
  readonly arm: string
  readonly other: string
  /** Which of them solved the problem; undefined for every problem. */
  readonly kind: PairedKind | undefined
  readonly task: string | undefined
}

/**
 * What an address asks for; null where it asks for no problems. `against` holds each policy that was compared, with the
 * one that it was compared to; SFT where the address names none of them.
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
