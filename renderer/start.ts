/** Beginning and going on with runs, from wherever it is asked for. */
import type { Command } from '../main/lab.ts'
import { lab } from './api.ts'
import { goTo } from './location.ts'
import { tellError } from './shell/notices.tsx'

/** Begins a command and goes to where it can be watched; false where it could not begin, which is then told. */
export function start(command: Command, overrides: Record<string, unknown> = {}): Promise<boolean> {
  return follow(lab.job.start.mutate({ command, overrides }))
}

/** Trains DPO again on a collection as it was corrected, and goes to where that can be watched. */
export function trainAgain(collection: { readonly run: number; readonly round: number }): Promise<boolean> {
  return follow(lab.job.start.mutate({ command: 'retrain', collection }))
}

/** Goes on with a run. */
export function resume(run: number): Promise<boolean> {
  return follow(lab.job.resume.mutate({ run }))
}

/** Begins a new run with the settings of an earlier one. */
export function again(run: number): Promise<boolean> {
  return follow(lab.job.again.mutate({ run }))
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
