/** Puts messages into the words of a language, with i18next. */
import { createInstance } from 'i18next'
import { isMessage, type Message, type Value } from './message.ts'
import { visible } from './visible.ts'

export type Speaker = (message: Message) => string

/**
 * Returns a function that says messages in the words of a catalogue. Control characters of their values become visible. `language` is its BCP 47 tag, for plurals and
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
  const t = i18n.t as unknown as (id: string, options: Options) => string
  const separator = language.startsWith('zh') ? '、' : ', '
  const words = (value: Value): string | number => {
    if (typeof value === 'string') return visible(value)
    if (typeof value === 'number') return value
    return isMessage(value) ? say(value) : value.map(words).join(separator)
  }
  const say = ({ id, values }: Message): string => {
    if (textOf(catalogue, id) === undefined) return id
    // Beside `replace`, a value whose name is one of i18next's options would act as that option.
    const replace = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, words(value)]))
    return t(id, typeof replace.count === 'number' ? { replace, count: replace.count } : { replace })
  }
  return say
}

interface Options {
  readonly replace: Readonly<Record<string, string | number>>
  /** Chooses the plural form. */
  readonly count?: number
}

/** The text of an id, or its plural form for most numbers; undefined where the catalogue has neither. */
function textOf(catalogue: Readonly<Record<string, string>>, id: string): string | undefined {
  return [id, `${id}_other`].filter((key) => Object.hasOwn(catalogue, key)).map((key) => catalogue[key])[0]
}

/**
 * Whether something is a message that a catalogue can say. It may come from an older or a newer version of the lab, or
 * from a store that somebody changed. The catalogue needs its id, and it needs every value of the text.
 */
export function canSay(catalogue: Readonly<Record<string, string>>, told: unknown): told is Message {
  if (!isMessage(told)) return false
  const { id, values } = told
  const text = textOf(catalogue, id)
  if (text === undefined) return false
  const said = (value: unknown): boolean => {
    if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'number'
    return Array.isArray(value) ? value.every(said) : canSay(catalogue, value)
  }
  return (
    [...text.matchAll(/{{(\w+)}}/g)].every(([, hole = '']) => Object.hasOwn(values, hole)) &&
    Object.values(values).every(said)
  )
}
