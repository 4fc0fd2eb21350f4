/** What the lab is doing: followed for as long as the window is open, whatever view is shown. */
import { create } from 'zustand'
import type { JobState } from '../main/jobs.ts'
import { lab } from './api.ts'
import { queries } from './queries.ts'

const useJobStore = create<{ readonly state: JobState | null }>(() => ({ state: null }))

/** How the job stands; null until the lab has said so. */
export function useJob(): JobState | null {
  return useJobStore(({ state }) => state)
}

/** Whether someone, in whatever window, holds the job where it is. */
export const usePaused = create<{ readonly paused: boolean }>(() => ({ paused: false }))

/** Begins to follow the job, and whether it is paused. What a stage or a person has changed is asked for again. */
export function followJob(): void {
  lab.job.watch.subscribe(undefined, {
    onData(state: JobState) {
      const before = useJobStore.getState().state
      useJobStore.setState({ state })
      if (before !== null && place(before) !== place(state)) void queries.invalidateQueries()
    },
  })
  let known: number | undefined
  lab.runs.edits.subscribe(undefined, {
    onData(edits: number) {
      if (known !== undefined && edits !== known) void queries.invalidateQueries({ predicate: isOfRuns })
      known = edits
    },
  })
  lab.live.paused.subscribe(undefined, { onData: (paused: boolean) => usePaused.setState({ paused }) })
}

const OF_RUNS: ReadonlySet<unknown> = new Set(['pairs', 'pair', 'runs', 'episodes', 'results', 'metrics', 'adapters'])

/** Whether an answer may change with what somebody does to runs and pairs; what a model was asked stays as it is. */
function isOfRuns({ queryKey: [of, _, what] }: { readonly queryKey: readonly unknown[] }): boolean {
  return OF_RUNS.has(of) && what !== 'tokens'
}

/** What has to change before anything but the progress is different. */
function place({ current, last, status }: JobState): string {
  return JSON.stringify([status, current?.run, current?.stage, last?.run, last?.ended])
}
