/** Why an episode ended as it did, in words. */
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { useSentence } from './sentence.ts'

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

/** A function that puts an episode's reason into words; what broke it is said as errors are. */
export function useReason(): (reason: string) => string {
  const { t } = useTranslation()
  const sentence = useSentence()
  return useCallback(
    (reason: string) => {
      const known = KNOWN.find((one) => one === reason)
      return known === undefined ? sentence(reason) : t(`reason.${known}`)
    },
    [t, sentence],
  )
}
