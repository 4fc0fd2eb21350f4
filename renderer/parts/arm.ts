/** What a policy is called. */
import type { TFunction } from 'i18next'

/** The name of an arm in the reader's language; its own where the lab has none for it. */
export function armName(t: TFunction, arm: string): string {
  const round = /^dpo_round_(\d+)$/.exec(arm)?.[1]
  return round === undefined ? t(`arm.${arm}` as 'arm.sft', { defaultValue: arm }) : t('arm.dpo_round', { round })
}
