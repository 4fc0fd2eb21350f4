/** Beginning and going on with runs, from wherever it is asked for. */
import type { Command } from '../main/lab.ts'
import { lab } from './api.ts'
import { goTo } from './location.ts'
import { changes, wrongWith } from './parts/form/draft.ts'
import { discardDraft, useDraft } from './parts/form/draft-store.ts'
import { queries } from './queries.ts'
import { tellError } from './shell/notices.tsx'
import { askUnsaved } from './shell/unsaved.tsx'

/**
 * Begins a command and goes to where it can be watched; false where it was not begun: it could not, which is then told, or
 * somebody thought better of it.
 */
export async function start(command: Command, overrides: Record<string, unknown> = {}): Promise<boolean> {
  return (await settingsSettled()) && follow(lab.job.start.mutate({ command, overrides }))
}

/** Trains DPO again on a collection as it was corrected, and goes to where that can be watched. */
export async function trainAgain(collection: { readonly run: number; readonly round: number }): Promise<boolean> {
  return (await settingsSettled()) && follow(lab.job.start.mutate({ command: 'retrain', collection }))
}

/** Goes on with a run. */
export function resume(run: number): Promise<boolean> {
  return follow(lab.job.resume.mutate({ run }))
}

/** Begins a new run with the settings of an earlier one. */
export function again(run: number): Promise<boolean> {
  return follow(lab.job.again.mutate({ run }))
}

/** Asks what is to become of settings that nobody has saved; false where the run is not to begin. */
async function settingsSettled(): Promise<boolean> {
  const { draft } = useDraft.getState()
  if (Object.keys(draft).length === 0) return true
  try {
    const { fields } = await lab.config.form.query()
    const values = changes(fields, draft)
    const count = Object.keys(values).length
    if (count === 0) return true
    const whole = fields.every((field) => !(field.key in values) || wrongWith(field, draft[field.key]) === null)
    const answer = await askUnsaved(count, whole)
    if (answer !== 'save') return answer === 'without'
    await lab.config.set.mutate({ values })
    discardDraft(Object.keys(draft))
    await queries.invalidateQueries()
    return true
  } catch (error) {
    tellError(error)
    return false
  }
}

async function follow(started: Promise<{ readonly current: { readonly run: number } | null }>): Promise<boolean> {
  try {
    const { current } = await started
    goTo('pipeline', { run: current?.run })
    return true
  } catch (error) {
    tellError(error)
    return false
  }
}
