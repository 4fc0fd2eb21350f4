/** The lab's words in the reader's language; a language is loaded when it is first wanted. */
import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { type Language, useSettings } from '../state/settings.ts'
import type { Words } from './en.ts'
import type { ErrorWords } from './errors.ts'

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: {
      translation: Words
      fields: Readonly<Record<string, string>>
      said: Readonly<Record<string, string>>
    }
  }
}

interface Vocabulary {
  readonly words: Words
  /** What the settings mean, by key, where the project's own English is not wanted. */
  readonly fields: Readonly<Record<string, string>>
  /** What runs say, by the message's name, where the lab's own English is not wanted. */
  readonly said: Readonly<Record<string, string>>
  /** The lab's errors, where its own English is not wanted; `useSentence` says them. */
  readonly errors: ErrorWords | undefined
  /** What engines say of themselves, where the lab's own English is not wanted. */
  readonly engine: ErrorWords | undefined
}

const VOCABULARIES: Readonly<Record<Language, () => Promise<Vocabulary>>> = {
  async en() {
    const { words, said } = await import('./en.ts')
    return { words, fields: {}, said, errors: undefined, engine: undefined }
  },
  async 'zh-CN'() {
    const [{ words }, { fields }, { said }, { errors }, { engine }] = await Promise.all([
      import('./zh.ts'),
      import('./zh-fields.ts'),
      import('./zh-said.ts'),
      import('./zh-errors.ts'),
      import('./zh-engine.ts'),
    ])
    return { words, fields, said, errors, engine }
  },
}

/** Loads the words of the chosen language and follows the setting from then on. */
export async function startWords(): Promise<void> {
  await i18next.use(initReactI18next).init({
    resources: {},
    ns: ['translation', 'fields', 'said'],
    lng: 'none',
    fallbackLng: false,
    interpolation: { escapeValue: false },
    returnEmptyString: false,
  })
  await speak(useSettings.getState().language)
  useSettings.subscribe((now, before) => {
    if (now.language !== before.language) void speak(now.language)
  })
}

async function speak(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'translation')) {
    const { words, fields, said, errors, engine } = await VOCABULARIES[language]()
    i18next.addResourceBundle(language, 'translation', words)
    i18next.addResourceBundle(language, 'fields', fields)
    i18next.addResourceBundle(language, 'said', said)
    if (errors !== undefined) i18next.addResourceBundle(language, 'errors', errors)
    if (engine !== undefined) i18next.addResourceBundle(language, 'engine', engine)
  }
  await i18next.changeLanguage(language)
  document.documentElement.lang = language
}
