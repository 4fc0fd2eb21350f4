/** What the lab tells, in the language that is read now. */
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure } from '../../main/messages/error.ts'
import { isMessage, type Message } from '../../main/messages/message.ts'
import { canSay } from '../../main/messages/speaker.ts'
import { errorInWords } from './errors.ts'
import { type Lexicon, lexicon } from './i18n.ts'

/** What the lab tells: a message, what went wrong, or English with the messages that it was made of. */
export type Told = Message | Failure | Error | { readonly text: string; readonly messages?: readonly Message[] }

/** A function that says what the lab tells in the language that is read now. */
export function useSay(): (told: Told) => string {
  const { i18n } = useTranslation()
  const { language } = i18n
  return useCallback((told) => sayWith(lexicon(language), told), [language])
}

/** The lab's own English where the language has no other words for it. */
export function sayWith({ catalogue, say, errors }: Lexicon, told: Told): string {
  if (isMessage(told) && !('text' in told)) return canSay(catalogue, told) ? say(told) : told.id
  const { text, messages } = toldBy(told)
  const known = messages.length > 0 && messages.every((one) => one.id !== 'verbatim' && canSay(catalogue, one))
  return known ? messages.map(say).join('\n') : errorInWords(errors, text)
}

/** The English of what was told, and its messages; none of a bug, and in the log of an older lab. */
function toldBy(told: Told): { readonly text: string; readonly messages: readonly Message[] } {
  if (told instanceof Error) return { text: told.message, messages: [] }
  // An event of the log has both.
  if (isMessage(told)) return { text: 'text' in told ? String(told.text) : told.id, messages: [told] }
  const text = 'text' in told ? told.text : (told.error ?? '')
  return { text, messages: told.messages ?? [] }
}
