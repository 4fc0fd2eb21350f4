/** The languages that the lab speaks outside its window. */
import type { Message } from './message.ts'
import { english } from './say.ts'
import { speaker } from './speaker.ts'

/** A function that says messages in the language of a locale: in Chinese for `zh`, `zh-CN` and their like, else in English. */
export async function speakerFor(locale: string): Promise<(message: Message) => string> {
  if (!locale.startsWith('zh')) return english
  const { CHINESE } = await import('./zh.ts')
  return speaker('zh-CN', CHINESE)
}
