/** Problems that no attempt solved: they give no pair, so only a golden sample can teach them. */
import type { PlayedAttempt } from '../store/episode.ts'

/** A task with problems that a golden sample might open. */
export interface UnsolvedTask {
  readonly task: string
  /** The first of the problems that were never solved: a sample of this one shows what no attempt found. */
  readonly seed: number
  /** Its problems that were never solved, and all of its problems. */
  readonly unsolved: number
  readonly problems: number
  /** What part of all problems of all tasks those never solved are. */
  readonly share: number
}

/**
 * The tasks with problems that no attempt solved, those with the largest share of all problems first. Faults are no attempts. A
 * problem whose attempts mostly reached the token limit does not count: model.max_new_tokens is its cause, and a sample
 * would not help.
 */
export function unsolvedTasks(attempts: readonly PlayedAttempt[]): UnsolvedTask[] {
  const played = attempts.filter(({ outcome }) => outcome !== 'fault')
  const tasks = [...Map.groupBy(played, ({ task }) => task)].map(([task, own]) => {
    const problems = [...Map.groupBy(own, ({ seed }) => seed)]
    return {
      task,
      problems: problems.length,
      seeds: problems.flatMap(([seed, its]) => (isUnsolved(its) ? [seed] : [])),
    }
  })
  const all = tasks.reduce((sum, { problems }) => sum + problems, 0)
  return tasks
    .flatMap(({ task, problems, seeds }) =>
      seeds.length === 0
        ? []
        : [{ task, seed: Math.min(...seeds), unsolved: seeds.length, problems, share: seeds.length / all }],
    )
    .sort((a, b) => b.share - a.share)
}

function isUnsolved(attempts: readonly PlayedAttempt[]): boolean {
  const cut = attempts.filter((attempt) => attempt.outcome === 'failure' && attempt.reason === 'length').length
  return attempts.every(({ outcome }) => outcome === 'failure') && 2 * cut <= attempts.length
}
