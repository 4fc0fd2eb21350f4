/** The window's texts in the reader's language. A language is loaded when it is first used. */
import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { type Speaker, speaker } from '../../main/messages/speaker.ts'
import { type Language, useSettings } from '../state/settings.ts'
import type { Words } from './en.ts'

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: {
      translation: Words
      fields: Readonly<Record<string, string>>
      names: Readonly<Record<string, string>>
      /** The lab's own catalogue, for names inside the window's texts. */
      lab: Readonly<Record<string, string>>
    }
  }
}

interface Vocabulary {
  readonly words: Words
  /** Explanations of the settings by key, where the language has its own, and their names. */
  readonly fields: Readonly<Record<string, string>>
  readonly names: Readonly<Record<string, string>>
  readonly lexicon: Lexicon
}

/** The lab's messages in a language. */
export interface Lexicon {
  readonly catalogue: Readonly<Record<string, string>>
  readonly say: Speaker
}

const VOCABULARIES: Readonly<Record<Language, () => Promise<Vocabulary>>> = {
  async en() {
    const [{ words }, settings, { ENGLISH }] = await Promise.all([
      import('./en.ts'),
      import('./en-fields.ts'),
      import('../../main/messages/en.ts'),
    ])
    return { words, ...settings, lexicon: lexiconOf('en', ENGLISH) }
  },
  async 'zh-CN'() {
    const [{ words }, settings, { CHINESE }] = await Promise.all([
      import('./zh.ts'),
      import('./zh-fields.ts'),
      import('../../main/messages/zh.ts'),
    ])
    return { words, ...settings, lexicon: lexiconOf('zh-CN', CHINESE) }
  },
}

function lexiconOf(language: Language, catalogue: Lexicon['catalogue']): Lexicon {
  return { catalogue, say: speaker(language, catalogue) }
}

const lexicons = new Map<string, Lexicon>()

/** The lab's messages in a language that is already loaded. */
export function lexicon(language: string): Lexicon {
  const known = lexicons.get(language)
  if (known === undefined) throw new Error(`The words of ${language} are not loaded.`)
  return known
}

/** Loads the texts of the chosen language, and follows the setting from then on. */
export async function startWords(): Promise<void> {
  await i18next.use(initReactI18next).init({
    resources: {},
    ns: ['translation', 'fields', 'names', 'lab'],
    lng: 'none',
    fallbackLng: false,
    interpolation: { escapeValue: false },
    // Nothing stands between two Chinese sentences.
    returnEmptyString: true,
  })
  await speak(useSettings.getState().language)
  useSettings.subscribe((now, before) => {
    if (now.language !== before.language) void speak(now.language)
  })
}

async function speak(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'translation')) {
    const { words, fields, names, lexicon } = await VOCABULARIES[language]()
    lexicons.set(language, lexicon)
    i18next.addResourceBundle(language, 'translation', words)
    i18next.addResourceBundle(language, 'fields', fields)
    i18next.addResourceBundle(language, 'names', names)
    i18next.addResourceBundle(language, 'lab', lexicon.catalogue)
  }
  await i18next.changeLanguage(language)
  document.documentElement.lang = language
}
