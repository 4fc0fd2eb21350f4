/** Messages in English, as terminal, log and reports show them. */
import { ENGLISH } from './en.ts'
import type { Message } from './message.ts'
import { type Speaker, speaker } from './speaker.ts'

let speak: Speaker | undefined

/** A message in English. */
export function english(message: Message): string {
  // Most commands say nothing, so they need not wait until i18next is ready.
  speak ??= speaker('en', ENGLISH)
  return speak(message)
}
