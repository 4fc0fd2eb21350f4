/** The sentence of an error, in the reader's language. */
import { useCallback } from 'react'
import { useSay } from '../i18n/say.ts'

/** What an error says, in the words of whoever threw it. The lab's own say the place and the cure in one sentence. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** A function that says an error, or the text of one, in the language that is read now. */
export function useSentence(): (error: unknown) => string {
  const say = useSay()
  return useCallback((error: unknown) => say({ text: messageOf(error) }), [say])
}
