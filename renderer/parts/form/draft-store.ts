/** Settings that were typed and not saved yet. They survive a change of stage or view, and a reload. */
import * as z from 'zod/mini'
import { create } from 'zustand'
import { persist } from 'zustand/middleware'
import type { Field } from '../../lab.ts'
import { browserStorage } from '../../state/browser-storage.ts'
import type { Draft } from './draft.ts'

const values = z.record(z.string(), z.unknown())
const kept = z.object({ draft: values, saved: values })

interface Drafts {
  /** The draft of all forms, by key. */
  readonly draft: Draft
  /** The saved value of each of these keys when its draft began. Another window may have saved another one since. */
  readonly saved: Readonly<Record<string, unknown>>
}

export const useDraft = create<Drafts>()(
  persist(() => ({ draft: {}, saved: {} }), {
    name: 'dpo-driver.draft',
    storage: browserStorage(() => sessionStorage),
    merge: (stored, current) => ({ ...current, ...kept.safeParse(stored).data }),
  }),
)

/** Sets the content of one field, whose saved value is `value`. */
export function draftField({ key, value }: Pick<Field, 'key' | 'value'>, content: unknown): void {
  useDraft.setState(({ draft, saved }) => ({
    draft: { ...draft, [key]: content },
    saved: key in draft && key in saved ? saved : { ...saved, [key]: value },
  }))
}

/** Keeps the draft of a field, although another window has saved `value` since it began. */
export function keepDraft({ key, value }: Pick<Field, 'key' | 'value'>): void {
  useDraft.setState(({ saved }) => ({ saved: { ...saved, [key]: value } }))
}

/** Discards the content of these fields. */
export function discardDraft(keys: readonly string[]): void {
  const others = (of: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(of).filter(([key]) => !keys.includes(key)))
  useDraft.setState(({ draft, saved }) => ({ draft: others(draft), saved: others(saved) }))
}
