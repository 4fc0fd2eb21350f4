/** Which episodes are listed. */
import type { lab } from '../../api.ts'
import type { Answers } from '../../lab.ts'
import type { Place } from '../../location.ts'
import { causeOf } from './cause.ts'

export type EpisodeFilter = Omit<Parameters<typeof lab.episodes.list.query>[0], 'offset' | 'limit'>
export type EpisodeGroup = Answers['episodes']['groups'][number]

export const OUTCOMES = ['success', 'failure', 'fault'] as const

/** The filter from the address and the search text. Other views link here with filters. */
export function filterOf(query: Place['query'], search: string): EpisodeFilter {
  const { run, stage, round, arm, task } = query
  const outcome = OUTCOMES.find((one) => one === query.outcome)
  return {
    ...(run === undefined ? {} : { run: Number(run) }),
    ...(stage === undefined ? {} : { stage }),
    ...(round === undefined ? {} : { round: Number(round) }),
    ...(arm === undefined ? {} : { arm }),
    ...(task === undefined ? {} : { task }),
    ...causeOf(query),
    ...(outcome === undefined ? {} : { outcome }),
    ...(search === '' ? {} : { search }),
  }
}

/** The values to filter by: each once, rounds by number and tasks by name. */
export function choicesOf(
  groups: readonly Pick<EpisodeGroup, 'stage' | 'round' | 'arm' | 'task'>[],
): Readonly<Record<'stages' | 'rounds' | 'arms' | 'tasks', readonly string[]>> {
  const values = (name: 'stage' | 'round' | 'arm' | 'task') => [
    ...new Set(groups.map((group) => String(group[name])).filter((value) => value !== '')),
  ]
  return {
    stages: values('stage'),
    rounds: values('round').sort((a, b) => Number(a) - Number(b)),
    arms: values('arm'),
    tasks: values('task').sort(),
  }
}
