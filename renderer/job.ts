/** The state of the lab's job. The window follows it while it is open, whatever view is shown. */
import { create } from 'zustand'
import type { JobState } from '../main/jobs.ts'
import type { Control } from '../main/live/state.ts'
import { lab, useConnection } from './api.ts'
import { queries } from './queries.ts'

const useJobStore = create<{ readonly state: JobState | null }>(() => ({ state: null }))

/** The state of the job; null until the lab has answered. */
export function useJob(): JobState | null {
  return useJobStore(({ state }) => state)
}

/** Whether no job can be started now: one is at work, or the lab does not answer. */
export function useBusy(): boolean {
  const { lost } = useConnection()
  return useJobStore(({ state }) => state !== null && state.current !== null) || lost
}

/** How people hold the job back, in this window or in another one; see `Screens.pace`. */
export const usePace = create<Control>(() => ({ paused: false, delay: 0 }))

/** Starts to follow the job and its pauses. Answers that a stage or a person has changed are fetched again. */
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
  let configured: number | undefined
  lab.config.edits.subscribe(undefined, {
    onData(edits: number) {
      if (configured !== undefined && edits !== configured) void queries.invalidateQueries({ predicate: isOfSettings })
      configured = edits
    },
  })
  lab.live.pace.subscribe(undefined, { onData: (pace: Control) => usePace.setState(pace) })
}

const OF_RUNS: ReadonlySet<unknown> = new Set([
  'pairs',
  'pair',
  'runs',
  'episodes',
  'results',
  'metrics',
  'adapters',
  'studies',
])

/** Whether an answer depends on the settings. */
function isOfSettings({ queryKey: [of] }: { readonly queryKey: readonly unknown[] }): boolean {
  return of === 'config' || of === 'status' || of === 'tasks' || of === 'models' || of === 'pages'
}

/** Whether an answer depends on runs and pairs. What a model was asked does not change. */
function isOfRuns({ queryKey: [of, _, what] }: { readonly queryKey: readonly unknown[] }): boolean {
  return OF_RUNS.has(of) && what !== 'tokens'
}

/** A key that changes with everything about the job except its progress. */
function place({ current, last, status }: JobState): string {
  return JSON.stringify([status, current?.run, current?.stage, last?.run, last?.ended])
}
