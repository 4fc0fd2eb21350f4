/** What was typed into settings and not yet saved: another stage, view or reload does not throw it away. */
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

/** Changes what one field holds. */
export function draftField(key: string, content: unknown): void {
  useDraft.setState(({ draft }) => ({ draft: { ...draft, [key]: content } }))
}

/** Forgets what these fields held. */
export function discardDraft(keys: readonly string[]): void {
  useDraft.setState(({ draft }) => ({
    draft: Object.fromEntries(Object.entries(draft).filter(([key]) => !keys.includes(key))),
  }))
}
