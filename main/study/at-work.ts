/** Which member of a study a process is playing now. */
import { isAtWork } from '../pipeline/run-folder.ts'
import type { Store } from '../store/store.ts'
import type { Member } from '../store/studies.ts'

/** The run of a member if it is being played, in any process; null where it is not. */
export function runAtWork({ runs }: Store, { run, status }: Pick<Member, 'run' | 'status'>): number | null {
  if (run === null || status !== 'running') return null
  return isAtWork(runs.get(run)) ? run : null
}
