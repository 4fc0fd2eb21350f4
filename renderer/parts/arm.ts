/** What a policy is called. */
import type { TFunction } from 'i18next'
import { armName as armMessage } from '../../main/evaluation/arms.ts'

/** The name of an arm in the reader's language; its own where the lab has none for it. */
export function armName(t: TFunction, arm: string): string {
  const { id, values } = armMessage(arm)
  return t(id, { ns: 'lab', ...values })
}
