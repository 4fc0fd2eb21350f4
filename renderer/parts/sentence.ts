/** The sentence of an error, in the reader's language. */
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { type ErrorWords, errorInWords } from '../i18n/errors.ts'

/** What an error says, in the words of whoever threw it. The lab's own say the place and the cure in one sentence. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** A function that says an error, or the text of one, in the language that is read now. */
export function useSentence(): (error: unknown) => string {
  const { i18n } = useTranslation()
  const { language } = i18n
  return useCallback(
    (error: unknown) => {
      const words: ErrorWords | undefined = i18n.getResourceBundle(language, 'errors')
      return errorInWords(words, messageOf(error))
    },
    [i18n, language],
  )
}
