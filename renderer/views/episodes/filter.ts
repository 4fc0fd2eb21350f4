/** Which episodes are listed. */
import { compareArms } from '../../../main/evaluation/arms.ts'
import type { lab } from '../../api.ts'
import type { Answers } from '../../lab.ts'
import type { Place } from '../../location.ts'
import { LONGEST_SEARCH } from '../../parts/longest-search.ts'
import { numberIn } from '../../parts/number-in.ts'
import { causeOf } from './cause.ts'

export type EpisodeFilter = Omit<Parameters<typeof lab.episodes.list.query>[0], 'offset' | 'limit'>
export type EpisodeGroup = Answers['episodes']['groups'][number]

export const OUTCOMES = ['success', 'failure', 'fault'] as const

/** The filter from the address and the search text. Other views link here with filters. */
export function filterOf(query: Place['query'], search: string): EpisodeFilter {
  const { run, stage, round, arm, task } = query
  const outcome = OUTCOMES.find((one) => one === query.outcome)
  return {
    ...(numberIn(run) === undefined ? {} : { run: numberIn(run) }),
    ...(stage === undefined ? {} : { stage }),
    ...(round === '0' || numberIn(round) !== undefined ? { round: Number(round) } : {}),
    ...(arm === undefined ? {} : { arm }),
    ...(task === undefined ? {} : { task }),
    ...causeOf(query),
    ...(outcome === undefined ? {} : { outcome }),
    ...(search === '' ? {} : { search: search.slice(0, LONGEST_SEARCH) }),
  }
}

/** The values to filter by: each once, rounds by number, policies in their order and tasks by name. */
export function choicesOf(
  groups: readonly Pick<EpisodeGroup, 'stage' | 'round' | 'arm' | 'task'>[],
): Readonly<Record<'stages' | 'rounds' | 'arms' | 'tasks', readonly string[]>> {
  const values = (name: 'stage' | 'round' | 'arm' | 'task') => [
    ...new Set(groups.map((group) => String(group[name])).filter((value) => value !== '')),
  ]
  return {
    stages: values('stage'),
    rounds: values('round').sort((a, b) => Number(a) - Number(b)),
    arms: values('arm').sort(compareArms),
    tasks: values('task').sort(),
  }
}
