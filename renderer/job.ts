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

/** Whether someone here holds the job where it is: the view that lets them says so while it is open. */
export const usePaused = create<{ readonly paused: boolean }>(() => ({ paused: false }))

/** Begins to follow the job. What a stage has changed is asked for again when it ends. */
export function followJob(): void {
  lab.job.watch.subscribe(undefined, {
    onData(state: JobState) {
      const before = useJobStore.getState().state
      useJobStore.setState({ state })
      if (before !== null && place(before) !== place(state)) void queries.invalidateQueries()
    },
  })
}

/** What has to change before anything but the progress is different. */
function place({ current, last, status }: JobState): string {
  return JSON.stringify([status, current?.run, current?.stage, last?.run, last?.ended])
}
