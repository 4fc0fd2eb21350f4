/** Why an episode ended as it did, in words. */
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'

const KNOWN = [
  'reward',
  'wrong',
  'steps',
  'length',
  'form',
  'verb',
  'key',
  'argument',
  'ref',
  'mismatch',
  'option',
] as const

/** A function that puts an episode's reason into words; what broke it, and what was impossible, stays as it is. */
export function useReason(): (reason: string) => string {
  const { t } = useTranslation()
  return useCallback(
    (reason: string) => {
      const known = KNOWN.find((one) => one === reason)
      return known === undefined ? reason : t(`reason.${known}`)
    },
    [t],
  )
}
