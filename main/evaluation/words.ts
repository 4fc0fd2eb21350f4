/** The words of a report, in English or Chinese. */

import { speakerFor } from '../messages/languages.ts'
import type { Given, Message, MessageId } from '../messages/message.ts'
import { message } from '../messages/message.ts'
import { english } from '../messages/say.ts'

export interface Words {
  /** BCP 47 tag. */
  readonly language: string
  readonly say: (told: Message) => string
  /** The text of a message. */
  readonly t: <Id extends MessageId>(id: Id, ...given: Given<Id>) => string
}

export const englishWords = wordsOf('en', english)

/** The words for a locale: Chinese for `zh` and the like, otherwise English. */
export async function wordsFor(locale: string): Promise<Words> {
  return locale.startsWith('zh') ? wordsOf('zh-CN', await speakerFor('zh-CN')) : englishWords
}

/** What stands between two sentences of a paragraph: nothing in Chinese. */
export function sentenceGap({ language }: Pick<Words, 'language'>): string {
  return language.startsWith('zh') ? '' : ' '
}

function wordsOf(language: string, say: Words['say']): Words {
  return { language, say, t: (id, ...given) => say(message(id, ...given)) }
}
