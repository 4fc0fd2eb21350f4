/** What the lab said, in the reader's language. */
import type { TFunction } from 'i18next'
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { Said } from '../../main/pipeline/messages.ts'
import { type ErrorWords, errorInWords, partInWords } from '../i18n/errors.ts'

/** A message, or the text of one of an older lab. */
export type Told = Said | { readonly text: string; readonly id?: undefined }

/** What stands in messages and is made of sentences itself; undefined where its English is wanted. */
export interface ValueWords {
  readonly errors: ErrorWords | undefined
  readonly engine: ErrorWords | undefined
}

/** A function that says a message in the language that is read now. */
export function useSaid(): (told: Told) => string {
  const { t, i18n } = useTranslation()
  const { language } = i18n
  return useCallback(
    (told: Told) => {
      const words = (name: string): ErrorWords | undefined => i18n.getResourceBundle(language, name)
      return sayAgain(t, told, { errors: words('errors'), engine: words('engine') })
    },
    [t, i18n, language],
  )
}

/** The lab's own English where the language has no other words for it, or the line is of an older lab. */
export function sayAgain(t: TFunction, told: Told, words: ValueWords): string {
  if (told.id === undefined) return told.text
  const values = Object.entries(told.values).map(([name, value]) => [name, valueInWords(t, name, value, words)])
  const named = Object.fromEntries(values)
  const check = told.id === 'check' ? { name: t(`checks.names.${named.name}` as 'checks.names.disk') } : {}
  const reason = told.id === 'againUnwritten' ? { reason: t(`reason.${named.reason}` as 'reason.form') } : {}
  return t(told.id, { ns: 'said', ...named, ...check, ...reason, defaultValue: told.text })
}

function valueInWords(t: TFunction, name: string, value: Said['values'][string], words: ValueWords): string | number {
  if (typeof value === 'object') return sayAgain(t, value, words)
  if (typeof value === 'number') return value
  if (name === 'engine') return errorInWords(words.engine, value)
  return name === 'why' ? partInWords(words.errors, name, value) : value
}
