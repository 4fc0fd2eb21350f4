/** Puts messages into the words of a language, with i18next. */
import { createInstance } from 'i18next'
import { isMessage, type Message, type Value } from './message.ts'

export type Speaker = (message: Message) => string

/**
 * Returns a function that says messages in the words of a catalogue. `language` is its BCP 47 tag, for plurals and
 * lists.
 */
export function speaker(language: string, catalogue: Readonly<Record<string, string>>): Speaker {
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
  // i18next's types know the keys of only one catalogue, the window's.
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

/**
 * Whether a catalogue can say a message, which may come from an older or a newer version of the lab. It needs the id,
 * and the message needs every value of the text.
 */
export function canSay(catalogue: Readonly<Record<string, string>>, { id, values }: Message): boolean {
  const text = catalogue[id] ?? catalogue[`${id}_other`]
  if (text === undefined) return false
  const said = (value: Value): boolean => {
    if (typeof value !== 'object') return true
    return isMessage(value) ? canSay(catalogue, value) : value.every(said)
  }
  return [...text.matchAll(/{{(\w+)}}/g)].every(([, hole = '']) => hole in values) && Object.values(values).every(said)
}
