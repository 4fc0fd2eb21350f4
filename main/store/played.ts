/** Episodes put together by what was played: all attempts at a problem, and all outcomes of a task. */
import { z } from 'zod'
import type { Database, Row } from './database.ts'
import { FAILURE_REASONS, type FailureReason, OUTCOMES, type Outcome } from './episode.ts'
import { type ArmKey, readArm } from './keys.ts'
import { allOf, type Page, type Slice, type Where } from './page.ts'
import { readJson, readValue } from './values.ts'

/** An attempt at a problem. */
export interface ProblemAttempt {
  /** The episode. */
  readonly id: number
  readonly round: number
  readonly arm: string
  readonly outcome: Outcome
}

/** A problem, and all attempts at it in one stage of a run. */
export interface PlayedProblem {
  readonly task: string
  readonly seed: number
  /** By round, arm and attempt. */
  readonly attempts: readonly ProblemAttempt[]
}

/** Problems that all attempts solved, none, or some. */
export const SOLVED_BY = ['all', 'some', 'none'] as const
export type SolvedBy = (typeof SOLVED_BY)[number]

export interface ProblemFilter {
  readonly run: number
  readonly stage: string
  readonly task?: string | undefined
  readonly solvedBy?: SolvedBy | undefined
}

/** The order of problems: by task, by seed, or by the share of attempts of a policy in a round that solved them. */
export interface ProblemOrder {
  readonly by: 'task' | 'seed' | { readonly round: number; readonly arm: string }
  readonly descending: boolean
}

/** Number of episodes of a task with the same end. */
export interface TaskCount extends ArmKey {
  readonly outcome: Outcome
  /** Why they failed; null for other outcomes. */
  readonly reason: FailureReason | null
  readonly count: number
}

/** How many episodes are looked at for a picture. */
const LATEST = 20

const SOLVED = "sum(outcome = 'success')"
/** Conditions on all attempts at a problem, as SQL. */
const HAVING: Readonly<Record<SolvedBy, string>> = {
  all: `${SOLVED} = count(*)`,
  some: `${SOLVED} BETWEEN 1 AND count(*) - 1`,
  none: `${SOLVED} = 0`,
}

export class Played {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** A page of the problems of a stage of a run, each with its attempts; by default by task and seed. */
  problems(filter: ProblemFilter, { offset, limit }: Slice, order?: ProblemOrder): Page<PlayedProblem> {
    const { conditions, values } = where(filter)
    const groups = `FROM episodes WHERE ${conditions} GROUP BY task, seed${
      filter.solvedBy === undefined ? '' : ` HAVING ${HAVING[filter.solvedBy]}`
    }`
    const sorted = orderBy(order)
    const total = Number(this.#database.get(`SELECT count(*) AS n FROM (SELECT 1 ${groups})`, ...values)?.n)
    // The attempts are read of the page's problems alone.
    const rows = this.#database.all(
      `SELECT task, seed, (
         SELECT json_group_array(json_object('id', id, 'round', round, 'arm', arm, 'outcome', outcome) ORDER BY round, arm, attempt)
         FROM episodes WHERE ${conditions} AND task = problem.task AND seed = problem.seed
       ) AS attempts
       FROM (SELECT task, seed ${groups} ORDER BY ${sorted.by} task, seed LIMIT ? OFFSET ?) AS problem`,
      ...[...values, ...values, ...sorted.values, limit, offset],
    )
    return { rows: rows.map(readProblem), total }
  }

  /** How the episodes of a task ended, by run (the latest first), stage, round, arm and reason. Deleted runs are left out. */
  task(name: string): TaskCount[] {
    return this.#database
      .all(
        `SELECT run, stage, round, arm, outcome, reason, count(*) AS n FROM episodes
         WHERE task = ? AND run NOT IN (SELECT id FROM runs WHERE deleted IS NOT NULL)
         GROUP BY run, stage, round, arm, outcome, reason ORDER BY run DESC, round, stage, arm`,
        name,
      )
      .map((row) => ({
        ...readArm(row),
        outcome: readValue(outcomeSchema, 'episodes.outcome', row.outcome),
        reason: row.reason === null ? null : readValue(reasonSchema, 'episodes.reason', row.reason),
        count: Number(row.n),
      }))
  }

  /** The numbers of pairs of a task by run and round, and how many of them training uses. */
  pairs(
    task: string,
  ): { readonly run: number; readonly round: number; readonly pairs: number; readonly kept: number }[] {
    return this.#database
      .all(
        'SELECT run, round, count(*) AS pairs, sum(keep) AS kept FROM pairs WHERE task = ? GROUP BY run, round',
        task,
      )
      .map((row) => ({
        run: Number(row.run),
        round: Number(row.round),
        pairs: Number(row.pairs),
        kept: Number(row.kept),
      }))
  }

  /** The names of all tasks that were played. */
  tasks(): string[] {
    // Jumps from each name to the next one in the index, instead of reading every episode.
    const names: string[] = []
    for (;;) {
      const row = this.#database.get('SELECT min(task) AS task FROM episodes WHERE task > ?', names.at(-1) ?? '')
      if (row?.task == null) return names
      names.push(String(row.task))
    }
  }

  /** One of the latest episodes of a task whose first page has a picture; undefined where none of them has. */
  pictured(task: string): number | undefined {
    const row = this.#database.get(
      `SELECT id FROM (SELECT id FROM episodes WHERE task = ? ORDER BY id DESC LIMIT ${LATEST})
         JOIN steps ON episode = id AND position = 0 WHERE picture IS NOT NULL LIMIT 1`,
      task,
    )
    return row === undefined ? undefined : Number(row.id)
  }

  /** Success of each task in all finished attempts of an arm: how many, and how many of them succeeded. */
  rates(stage: string, arm: string): Map<string, { readonly played: number; readonly solved: number }> {
    const rows = this.#database.all(
      `SELECT task, sum(n) AS played, sum(iif(outcome = 'success', n, 0)) AS solved FROM episode_counts
       WHERE run NOT IN (SELECT id FROM runs WHERE deleted IS NOT NULL) AND stage = ? AND arm = ? AND outcome <> 'fault'
       GROUP BY task HAVING sum(n) > 0`,
      stage,
      arm,
    )
    return new Map(rows.map((row) => [String(row.task), { played: Number(row.played), solved: Number(row.solved) }]))
  }
}

function where({ run, stage, task }: ProblemFilter): Where {
  return allOf([['run = ?', run], ['stage = ?', stage], ...(task === undefined ? [] : [['task = ?', task] as const])])
}

/** The order as SQL before that by task and seed. Problems that the policy did not play come last in both directions. */
function orderBy(order: ProblemOrder | undefined): {
  readonly by: string
  readonly values: readonly (string | number)[]
} {
  if (order === undefined) return { by: '', values: [] }
  const direction = order.descending ? 'DESC' : 'ASC'
  if (typeof order.by === 'string') return { by: `${order.by} ${direction},`, values: [] }
  const solved = `avg(iif(round = ? AND arm = ? AND outcome <> 'fault', outcome = 'success', NULL))`
  return { by: `${solved} ${direction} NULLS LAST,`, values: [order.by.round, order.by.arm] }
}

const outcomeSchema: z.ZodType<Outcome> = z.enum(OUTCOMES)
const reasonSchema: z.ZodType<FailureReason> = z.enum(FAILURE_REASONS)
const attemptsSchema: z.ZodType<readonly ProblemAttempt[]> = z.array(
  z.object({ id: z.int(), round: z.int(), arm: z.string(), outcome: outcomeSchema }),
)

function readProblem(row: Row): PlayedProblem {
  return {
    task: String(row.task),
    seed: Number(row.seed),
    attempts: readJson(attemptsSchema, 'episodes.outcome', row.attempts),
  }
}
