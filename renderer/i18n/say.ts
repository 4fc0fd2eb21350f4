/** What the lab tells, in the language that is read now. */
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure } from '../../main/messages/error.ts'
import { isMessage, type Message } from '../../main/messages/message.ts'
import { canSay } from '../../main/messages/speaker.ts'
import { type Lexicon, lexicon } from './i18n.ts'

/**
 * What the lab tells: a message or several, what went wrong, the error that an answer became, or English with the messages
 * that it was made of.
 */
export type Told =
  | Message
  | readonly Message[]
  | Failure
  | Error
  | { readonly text: string; readonly messages?: readonly Message[] }

/** Whatever was thrown, to be said where it is shown. */
export function told(error: unknown): Told {
  return error instanceof Error ? error : { text: String(error) }
}

/** A function that says what the lab tells in the language that is read now. */
export function useSay(): (told: Told) => string {
  const { i18n } = useTranslation()
  const { language } = i18n
  return useCallback((what) => sayWith(lexicon(language), what), [language])
}

/** The lab's own English where the language has no other words for it. */
export function sayWith({ catalogue, say }: Lexicon, what: Told): string {
  const { text, messages } = partsOf(what)
  if (messages.length === 0 || !messages.every((one) => canSay(catalogue, one))) return text
  return messages.map(say).join('\n')
}

/** The English of what was told, and its messages; none of a bug, and in the log of an older lab. */
function partsOf(what: Told): { readonly text: string; readonly messages: readonly Message[] } {
  if (what instanceof Error) return { text: what.message, messages: messagesIn(what) }
  if (isList(what)) return { text: what.map(({ id }) => id).join('\n'), messages: what }
  // An event of the log has both.
  if (isMessage(what)) return { text: 'text' in what ? String(what.text) : what.id, messages: [what] }
  const text = 'text' in what ? what.text : (what.error ?? '')
  return { text, messages: what.messages ?? [] }
}

/** What an error of the lab was made of; tRPC keeps it in `data`. */
function messagesIn(error: Error): readonly Message[] {
  const holder: unknown = 'data' in error ? error.data : error
  const messages = typeof holder === 'object' && holder !== null && 'messages' in holder ? holder.messages : []
  return Array.isArray(messages) ? messages.filter(isMessage) : []
}

function isList(what: Told): what is readonly Message[] {
  return Array.isArray(what)
}
