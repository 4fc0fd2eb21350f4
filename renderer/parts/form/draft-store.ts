/** Settings that were typed and not saved yet. They survive a change of stage or view, and a reload. */
import * as z from 'zod/mini'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import type { Draft } from './draft.ts'

const kept = z.object({ draft: z.record(z.string(), z.unknown()) })

/** The draft of all forms, by key. */
export const useDraft = create<{ readonly draft: Draft }>()(
  persist(() => ({ draft: {} }), {
    name: 'dpo-driver.draft',
    storage: createJSONStorage(() => sessionStorage),
    merge: (stored, current) => ({ ...current, ...kept.safeParse(stored).data }),
  }),
)

/** Sets the content of one field. */
export function draftField(key: string, content: unknown): void {
  useDraft.setState(({ draft }) => ({ draft: { ...draft, [key]: content } }))
}

/** Discards the content of these fields. */
export function discardDraft(keys: readonly string[]): void {
  useDraft.setState(({ draft }) => ({
    draft: Object.fromEntries(Object.entries(draft).filter(([key]) => !keys.includes(key))),
  }))
}
