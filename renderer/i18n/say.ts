/** Shows the lab's messages in the reader's language. */
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure } from '../../main/messages/error.ts'
import { isMessage, type Message } from '../../main/messages/message.ts'
import { canSay } from '../../main/messages/speaker.ts'
import { type Lexicon, lexicon } from './i18n.ts'

/**
 * Anything the lab reports: one message or several, a failure, the error of an answer, or English text with its
 * messages.
 */
export type Told =
  | Message
  | readonly Message[]
  | Failure
  | Error
  | { readonly text: string; readonly messages?: readonly Message[] }

/** Whatever was thrown, in a form that can be shown. */
export function told(error: unknown): Told {
  return error instanceof Error ? error : { text: String(error) }
}

/** A function that puts a report of the lab into the reader's language. */
export function useSay(): (told: Told) => string {
  const { i18n } = useTranslation()
  const { language } = i18n
  return useCallback((what) => sayWith(lexicon(language), what), [language])
}

/** Falls back to the lab's English where the catalogue lacks a message. */
export function sayWith({ catalogue, say }: Lexicon, what: Told): string {
  const { text, messages } = partsOf(what)
  if (messages.length === 0 || !messages.every((one) => canSay(catalogue, one))) return text
  return messages.map(say).join('\n')
}

/** The English text of a report, and its messages. Bugs and the logs of older versions have no messages. */
function partsOf(what: Told): { readonly text: string; readonly messages: readonly Message[] } {
  if (what instanceof Error) return { text: what.message, messages: messagesIn(what) }
  if (isList(what)) return { text: what.map(({ id }) => id).join('\n'), messages: what }
  // A log event has both.
  if (isMessage(what)) return { text: 'text' in what ? String(what.text) : what.id, messages: [what] }
  const text = 'text' in what ? what.text : (what.error ?? '')
  return { text, messages: what.messages ?? [] }
}

/** The messages of an error of the lab; tRPC keeps them in `data`. */
function messagesIn(error: Error): readonly Message[] {
  const holder: unknown = 'data' in error ? error.data : error
  const messages = typeof holder === 'object' && holder !== null && 'messages' in holder ? holder.messages : []
  return Array.isArray(messages) ? messages.filter(isMessage) : []
}

function isList(what: Told): what is readonly Message[] {
  return Array.isArray(what)
}
