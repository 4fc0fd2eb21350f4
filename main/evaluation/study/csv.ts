/** A study as a table for spreadsheets and statistics programs. */
import { csvLine } from '../csv.ts'
import type { StudyData } from './summary.ts'

/**
 * A line an episode: variant, policy, training seed, run, task, seed of the problem, outcome. Any test can be made from it.
 */
export function studyCsv({ runs }: StudyData): string {
  const lines = runs.flatMap(({ variant, seed, run, arms }) =>
    arms.flatMap(({ name, episodes }) =>
      episodes.map((episode) => [variant, name, seed, run, episode.task, episode.seed, episode.outcome]),
    ),
  )
  return [['variant', 'policy', 'training_seed', 'run', 'task', 'problem_seed', 'outcome'], ...lines]
    .map(csvLine)
    .join('')
}
