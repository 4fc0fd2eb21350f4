/** The names of policies. */
import type { TFunction } from 'i18next'
import { armName as armMessage, compareArms } from '../../main/evaluation/arms.ts'

/** An arm's name in the reader's language; the arm itself where the catalogue has no name for it. */
export function armName(t: TFunction, arm: string): string {
  const { id, values } = armMessage(arm)
  return t(id, { ns: 'lab', ...values })
}

/** The policies that any of these rows has a rate of, in their order. */
export function armsOf(rows: readonly { readonly rates: Readonly<Record<string, unknown>> | null }[]): string[] {
  return [...new Set(rows.flatMap(({ rates }) => Object.keys(rates ?? {})))].sort(compareArms)
}
