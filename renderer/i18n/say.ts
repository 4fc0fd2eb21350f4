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

/** Falls back to the lab's English where the catalogue cannot say a message. */
export function sayWith({ catalogue, say: speak }: Lexicon, what: Told): string {
  const say = (one: Message) => quoted(speak(one))
  const line = (one: Message) => (canSay(catalogue, one) ? say(one) : storedText(one))
  if (isList(what)) return what.map(line).join('\n')
  // A log event is a message with its English text.
  if (isMessage(what)) return line(what)
  const { text, messages } = partsOf(what)
  return messages.length > 0 && messages.every((one) => canSay(catalogue, one)) ? messages.map(say).join('\n') : text
}

/** Whether the lab's error is this message. */
export function tells(error: unknown, id: Message['id']): boolean {
  return error instanceof Error && partsOf(error).messages.some((one) => isMessage(one) && one.id === id)
}

/** A terminal's marks around a command would stand in the window's text as they are. */
function quoted(text: string): string {
  return text.replace(/`([^`\n]+)`/g, '“$1”')
}

/** The English text that is stored with a message, or else the message's id. */
function storedText(what: Message): string {
  return 'text' in what ? String(what.text) : what.id
}

/** The English text of a report, and its messages. Bugs and the logs of older versions have no messages. */
function partsOf(what: Exclude<Told, Message | readonly Message[]>): Parts {
  if (what instanceof Error) return { text: what.message, messages: messagesIn('data' in what ? what.data : what) }
  const text = 'text' in what ? what.text : (what.error ?? '')
  return { text: String(text), messages: messagesIn(what) }
}

interface Parts {
  readonly text: string
  /** From the store or the server, so `canSay` must check each. */
  readonly messages: readonly Message[]
}

/** The messages of a report, or of an error of the lab, whose messages tRPC keeps in `data`. */
function messagesIn(holder: unknown): readonly Message[] {
  const messages = typeof holder === 'object' && holder !== null && 'messages' in holder ? holder.messages : []
  return Array.isArray(messages) ? messages : []
}

function isList(what: Told): what is readonly Message[] {
  return Array.isArray(what)
}
