/** What the lab said, in the reader's language. */
import type { TFunction } from 'i18next'
import type { Said } from '../../main/pipeline/messages.ts'

/** The lab's own English where the language has no other words for it, or the line is of an older lab. */
export function sayAgain(t: TFunction, told: Said | { readonly text: string; readonly id?: undefined }): string {
  if (told.id === undefined) return told.text
  const values = Object.entries(told.values).map(([name, value]) => [
    name,
    typeof value === 'object' ? sayAgain(t, value) : value,
  ])
  const named = Object.fromEntries(values)
  const check = told.id === 'check' ? { name: t(`checks.names.${named.name}` as 'checks.names.disk') } : {}
  const reason = told.id === 'againUnwritten' ? { reason: t(`reason.${named.reason}` as 'reason.form') } : {}
  return t(told.id, { ns: 'said', ...named, ...check, ...reason, defaultValue: told.text })
}
