/** The languages outside of the window. */
import type { Message } from './message.ts'
import { english } from './say.ts'
import { speaker } from './speaker.ts'

/**
 * Returns a function that says messages in the language of a locale: Chinese for `zh`, `zh-CN` and the like, otherwise
 * English.
 */
export async function speakerFor(locale: string): Promise<(message: Message) => string> {
  if (!locale.startsWith('zh')) return english
  const { CHINESE } = await import('./zh.ts')
  return speaker('zh-CN', CHINESE)
}
