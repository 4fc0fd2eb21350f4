/** What the pairs of a run were asked with. */
import { BEFORE, type ChatMessage } from '../agent/prompt.ts'
import type { Store } from '../store/store.ts'

/** The messages before the user's, as the run had them. Runs before there was a choice had the compact prompt. */
export function promptOfRun(store: Store, run: number): readonly ChatMessage[] {
  return store.runs.prompt(run) ?? BEFORE.compact
}
