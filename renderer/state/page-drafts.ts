/** Unsaved task pages. They survive a change of view and a reload. */
import * as z from 'zod/mini'
import { create } from 'zustand'
import { persist } from 'zustand/middleware'
import { browserStorage } from './browser-storage.ts'

const draftSchema = z.object({
  name: z.string(),
  html: z.string(),
  /** The version of the saved page that was opened; null for a new page. */
  before: z.nullable(z.string()),
})
export type PageDraft = z.output<typeof draftSchema>

const NAME = 'dpo-driver.page-drafts'

type Drafts = Readonly<Record<string, PageDraft | undefined>>

export const useDrafts = create<{ readonly drafts: Drafts }>()(
  persist(() => ({ drafts: {} }), {
    name: NAME,
    storage: browserStorage(() => localStorage),
    merge: (kept, current) => {
      const read = z.object({ drafts: z.record(z.string(), draftSchema) }).safeParse(kept)
      return read.success ? read.data : current
    },
  }),
)

// What another window writes counts here too: otherwise the next key here would write over it.
window.addEventListener('storage', ({ key }) => {
  if (key === NAME) void useDrafts.persist.rehydrate()
})

/** The draft of a saved page, or with '' that of a new one; undefined where nothing is unsaved. With it a function that changes or drops it. */
export function usePageDraft(page: string): [PageDraft | undefined, (draft: PageDraft | undefined) => void] {
  const draft = useDrafts(({ drafts }) => drafts[page])
  return [
    draft,
    (to) =>
      useDrafts.setState(({ drafts: { [page]: _, ...others } }) => ({
        drafts: to === undefined ? others : { ...others, [page]: to },
      })),
  ]
}
