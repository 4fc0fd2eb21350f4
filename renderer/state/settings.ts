/** The reader's preferences, stored in the browser: language, light or dark, whether the tour was taken. */
import * as z from 'zod/mini'
import { create } from 'zustand'
import { persist } from 'zustand/middleware'
import { browserStorage } from './browser-storage.ts'

export const LANGUAGES = { en: 'English', 'zh-CN': '简体中文' } as const
export type Language = keyof typeof LANGUAGES

export type Scheme = 'auto' | 'light' | 'dark'

export interface Settings {
  readonly language: Language
  readonly scheme: Scheme
  readonly toured: boolean
  /** Whether a notification tells the end of a run. */
  readonly notify: boolean
  /** Smoothing of the curves, 0 to 0.99. */
  readonly smoothing: number
  /** The list's share of the width beside the opened detail, in percent. */
  readonly splits: { readonly pairs: number; readonly episodes: number }
  /** The columns of the table of runs. */
  readonly runColumns: readonly string[]
}

const percent = z.number().check(z.minimum(0), z.maximum(100))

const settingsSchema = z.object({
  language: z.enum(['en', 'zh-CN']),
  scheme: z.enum(['auto', 'light', 'dark']),
  toured: z.boolean(),
  notify: z.boolean(),
  smoothing: z.number().check(z.minimum(0), z.maximum(0.99)),
  splits: z.object({ pairs: percent, episodes: percent }),
  runColumns: z.array(z.string()),
})

const defaults: Settings = {
  language: navigator.language.startsWith('zh') ? 'zh-CN' : 'en',
  scheme: 'auto',
  toured: false,
  notify: false,
  smoothing: 0.6,
  splits: { pairs: 48, episodes: 56 },
  runColumns: ['status', 'rate.sft', 'rate.dpo', 'seed', 'started', 'command', 'tags', 'result'],
}

/** The stored settings over the current ones. Invalid values, from another version or an edit by hand, are ignored. */
export function keptSettings(kept: unknown, current: Settings): Settings {
  const read = z.partial(settingsSchema).safeParse(kept)
  if (!read.success) return current
  const known = Object.entries(read.data).filter(([, value]) => value !== undefined)
  return { ...current, ...Object.fromEntries(known) }
}

export const useSettings = create<Settings>()(
  persist(() => defaults, {
    name: 'dpo-driver.settings',
    storage: browserStorage(() => localStorage),
    merge: keptSettings,
  }),
)
