/** The queue of studies as the lab's job: works off all open studies, until it is stopped or nothing is left. */
import type { JobState, Jobs, StudyPlace } from '../jobs.ts'
import { UserError } from '../messages/error.ts'
import type { Store } from '../store/store.ts'
import { reportStudy } from './result.ts'
import { membersLeft, queuedStudies, workOff } from './work.ts'

/**
 * Starts to work off the open studies in the order of the queue, which people can change meanwhile. Returns with the first
 * training at work. Throws UserError where nothing is left to do, and as `Jobs.perform`.
 */
export async function startQueue(jobs: Jobs, store: Store): Promise<JobState> {
  if (queuedStudies(store).length === 0) throw new UserError('studiesNothingLeft')
  return jobs.perform(async (run, signal) => {
    let at: Omit<StudyPlace, 'id' | 'name'> = { place: 1, of: 1 }
    await workOff({
      store,
      study: null,
      signal,
      emit(event) {
        if (event.event === 'member') at = { place: event.place, of: event.of }
      },
      async play(member, stopping) {
        const name = store.studies.find(member.study)?.name ?? ''
        const config = store.studies.config(member)
        const { study, member: number } = member
        await run(
          { command: 'pipeline', config, resume: member.run, member: { study, member: number, name, ...at } },
          stopping,
        )
        if (membersLeft(store, study).length === 0) reportStudy(store, study)
      },
    })
  })
}
