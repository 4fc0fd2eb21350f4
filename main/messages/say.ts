/** Messages in the words of a language, by i18next. */
import { createInstance } from 'i18next'
import { ENGLISH } from './en.ts'
import { isMessage, type Message, type Value } from './message.ts'

/** A function that says messages in the words of a catalogue; `language` is its BCP 47 tag, for plurals and lists. */
export function speaker(language: string, catalogue: Readonly<Record<string, string>>): (message: Message) => string {
  const i18n = createInstance()
  void i18n.init({
    lng: language,
    resources: { [language]: { messages: catalogue } },
    defaultNS: 'messages',
    keySeparator: false,
    nsSeparator: false,
    initAsync: false,
    interpolation: { escapeValue: false },
  })
  // i18next's types know the keys of one catalogue alone: the window's.
  const t = i18n.t as unknown as (id: string, values: Readonly<Record<string, string | number>>) => string
  const separator = language.startsWith('zh') ? '、' : ', '
  const words = (value: Value): string | number => {
    if (typeof value !== 'object') return value
    return isMessage(value) ? say(value) : value.map(words).join(separator)
  }
  const say = ({ id, values }: Message): string =>
    t(id, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, words(value)])))
  return say
}

/** A message in English. */
export const english = speaker('en', ENGLISH)
