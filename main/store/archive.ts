/** Looks into the store that are made for screens: a page of a long list, a curve in as many points as it has pixels. */
import type { SQLInputValue } from 'node:sqlite'
import { z } from 'zod'
import type { Message } from '../messages/message.ts'
import type { Database, Row } from './database.ts'
import { type Box, type FailureReason, OUTCOMES, type Outcome } from './episode.ts'
import { type ArmKey, readArm } from './keys.ts'
import { allOf, containing, type Page, type Slice, type Where } from './page.ts'
import { readEpisode, type StoredAttempt } from './store.ts'

export interface EpisodeFilter {
  readonly run?: number | undefined
  readonly stage?: string | undefined
  readonly round?: number | undefined
  readonly arm?: string | undefined
  readonly task?: string | undefined
  readonly seed?: number | undefined
  readonly outcome?: Outcome | undefined
  readonly reason?: FailureReason | undefined
  readonly fault?: Message | undefined
  /** In the instruction, any case. */
  readonly search?: string | undefined
}

/** What episodes can be put in order by, as SQL: what stands in an ORDER BY comes from here and from nowhere else. */
const EPISODE_ORDERS = {
  id: 'id',
  run: 'run',
  task: 'task',
  seed: 'seed',
  outcome: 'outcome',
  reason: 'coalesce(reason, fault)',
  steps: '(SELECT count(*) FROM steps WHERE episode = episodes.id)',
  duration: 'duration',
} as const
export interface EpisodeOrder {
  readonly by: keyof typeof EPISODE_ORDERS
  readonly descending: boolean
}

/** An attempt as a line of a long table. */
export type EpisodeBrief = ArmKey & StoredAttempt & { /** How many there are. */ readonly steps: number }

export interface StoredStep {
  readonly page: string
  readonly prompt: string
  readonly completion: string
  readonly tokens: number
  /** Sum over the completion's tokens, in nats. */
  readonly logprob: number
  readonly thought: string
  readonly action: string
  readonly hasPicture: boolean
  /** Where the element stood that was acted on; null without a picture too. */
  readonly box: Box | null
}

/** How many episodes of a group ended how. */
export interface EpisodeGroup extends ArmKey {
  readonly task: string
  readonly outcome: Outcome
  readonly count: number
}

/** A curve in few points: each stands for the steps from its `step` on, up to the next one's. */
export interface Curve extends ArmKey {
  readonly name: string
  readonly steps: readonly number[]
  /** The mean, the least and the greatest value; null where none was a number. */
  readonly mean: readonly (number | null)[]
  readonly low: readonly (number | null)[]
  readonly high: readonly (number | null)[]
}

const outcomeSchema: z.ZodType<Outcome> = z.enum(OUTCOMES)
const boxSchema = z.strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }).nullable()

export class Archive {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  // Episodes

  /** A page of the episodes that pass the filter, those of deleted runs aside. */
  episodes(filter: EpisodeFilter, order: EpisodeOrder, { offset, limit }: Slice): Page<EpisodeBrief> {
    const { conditions, values } = episodeWhere(filter)
    const direction = order.descending ? 'DESC' : 'ASC'
    const by = EPISODE_ORDERS[order.by]
    // First the page's ids: rows that are only passed over must not be read. The plus keeps SQLite from going through the
    // runs one by one, after which it would have to put all of their episodes in order.
    const rows = this.#database.all(
      `SELECT *, ${EPISODE_ORDERS.steps} AS steps FROM episodes WHERE id IN
         (SELECT id FROM episodes WHERE +${conditions} ORDER BY ${by} ${direction}, id ${direction} LIMIT ? OFFSET ?)
       ORDER BY ${by} ${direction}, id ${direction}`,
      ...values,
      limit,
      offset,
    )
    const total = Number(this.#database.get(`SELECT count(*) AS n FROM episodes WHERE ${conditions}`, ...values)?.n)
    return { rows: rows.map(readBrief), total }
  }

  /** Counts by run, stage, round, arm, task and outcome. */
  episodeGroups(filter: EpisodeFilter): EpisodeGroup[] {
    const { conditions, values } = episodeWhere(filter)
    return this.#database
      .all(
        `SELECT run, stage, round, arm, task, outcome, count(*) AS n FROM episodes WHERE ${conditions}
         GROUP BY run, stage, round, arm, task, outcome ORDER BY run DESC, round, stage, arm, task, outcome`,
        ...values,
      )
      .map((row) => ({
        ...readArm(row),
        task: String(row.task),
        outcome: outcomeSchema.parse(row.outcome),
        count: Number(row.n),
      }))
  }

  /** An episode with its steps, or undefined where there is none. */
  episode(id: number): (ArmKey & StoredAttempt & { readonly steps: readonly StoredStep[] }) | undefined {
    const row = this.#database.get('SELECT *, 0 AS steps FROM episodes WHERE id = ?', id)
    return row === undefined ? undefined : { ...readBrief(row), steps: this.#steps(id) }
  }

  /** The id of an attempt, or undefined where it was not played. */
  episodeId(key: ArmKey, task: string, seed: number, attempt: number): number | undefined {
    const row = this.#database.get(
      `SELECT id FROM episodes
       WHERE run = ? AND stage = ? AND round = ? AND arm = ? AND task = ? AND seed = ? AND attempt = ?`,
      key.run,
      key.stage,
      key.round,
      key.arm,
      task,
      seed,
      attempt,
    )
    return row === undefined ? undefined : Number(row.id)
  }

  #steps(episode: number): StoredStep[] {
    return this.#database
      .all(
        `SELECT page, prompt, completion, length(tokens) / 4 AS tokens, logprob, thought, action,
           picture IS NOT NULL AS pictured, box FROM steps WHERE episode = ? ORDER BY position`,
        episode,
      )
      .map((row) => ({
        page: String(row.page),
        prompt: String(row.prompt),
        completion: String(row.completion),
        tokens: Number(row.tokens),
        logprob: Number(row.logprob),
        thought: String(row.thought),
        action: String(row.action),
        hasPicture: row.pictured === 1,
        box: boxSchema.parse(JSON.parse(String(row.box))),
      }))
  }

  // Metrics

  /** The arms of a run that have metrics, with the names of these and the last step. */
  curves(run: number): (ArmKey & { readonly names: readonly string[]; readonly lastStep: number })[] {
    const arms = new Map<string, ArmKey & { names: string[]; lastStep: number }>()
    for (const row of this.#database.all(
      `SELECT run, stage, round, arm, name, max(last) AS last FROM metric_buckets WHERE run = ?
       GROUP BY run, stage, round, arm, name ORDER BY round, stage, arm, name`,
      run,
    )) {
      const key = readArm(row)
      const text = JSON.stringify(key)
      const known = arms.get(text) ?? { ...key, names: [], lastStep: 0 }
      known.names.push(String(row.name))
      known.lastStep = Math.max(known.lastStep, Number(row.last))
      arms.set(text, known)
    }
    return [...arms.values()]
  }

  /**
   * A metric of an arm between two steps, in at most about `points` points. Where a point stands for many steps it is made
   * of whole buckets: the first and the last may reach a few steps, less than a bucket, over the ends.
   */
  curve(key: ArmKey, name: string, { from, to, points }: { from: number; to: number; points: number }): Curve {
    const { run, stage, round, arm } = key
    const place = [run, stage, round, arm, name] as const
    const span = this.#database.get(
      `SELECT min(first) AS first, max(last) AS last FROM metric_buckets
       WHERE ${OF_CURVE} AND bucket BETWEEN ? AND ?`,
      ...place,
      Math.floor(from / BUCKET),
      Math.floor(to / BUCKET),
    )
    const first = Math.max(from, Number(span?.first ?? 0))
    const last = Math.min(to, Number(span?.last ?? 0))
    const width = Math.max(1, Math.ceil((last - first + 1) / points))
    const rows =
      width < BUCKET
        ? this.#database.all(
            `SELECT min(step) AS step, avg(value) AS mean, min(value) AS low, max(value) AS high FROM metrics
             WHERE ${OF_CURVE} AND step BETWEEN ? AND ?
             GROUP BY (step - CAST(? AS INTEGER)) / CAST(? AS INTEGER) ORDER BY step`,
            ...place,
            first,
            last,
            first,
            width,
          )
        : this.#database.all(
            `SELECT min(first) AS step, sum(sum) / sum(numbers) AS mean, min(low) AS low, max(high) AS high
             FROM metric_buckets WHERE ${OF_CURVE} AND bucket BETWEEN ? AND ?
             GROUP BY bucket / CAST(? AS INTEGER) ORDER BY step`,
            ...place,
            Math.floor(first / BUCKET),
            Math.floor(last / BUCKET),
            Math.ceil(width / BUCKET),
          )
    const numbers = (field: string) => rows.map((row) => (row[field] === null ? null : Number(row[field])))
    return {
      ...key,
      name,
      steps: rows.map((row) => Number(row.step)),
      mean: numbers('mean'),
      low: numbers('low'),
      high: numbers('high'),
    }
  }

  /** The metrics of an arm after a step, a step at a time. */
  stepsAfter({ run, stage, round, arm }: ArmKey, step: number) {
    const steps = new Map<number, Record<string, number | null>>()
    for (const row of this.#database.all(
      `SELECT step, name, value FROM metrics
       WHERE run = ? AND stage = ? AND round = ? AND arm = ? AND step > ? ORDER BY step, name`,
      run,
      stage,
      round,
      arm,
      step,
    )) {
      const at = Number(row.step)
      const metrics = steps.get(at) ?? {}
      metrics[String(row.name)] = row.value === null ? null : Number(row.value)
      steps.set(at, metrics)
    }
    return [...steps].map(([at, metrics]) => ({ step: at, metrics }))
  }
}

/** Steps that the store sums up together as they are written (metric_buckets): long curves are read from these. */
const BUCKET = 32
const OF_CURVE = 'run = ? AND stage = ? AND round = ? AND arm = ? AND name = ?'

function episodeWhere({ search, fault, ...equal }: EpisodeFilter): Where {
  const parts: [string, ...SQLInputValue[]][] = [['run IN (SELECT id FROM runs WHERE deleted IS NULL)']]
  for (const [name, value] of Object.entries(equal)) if (value !== undefined) parts.push([`${name} = ?`, value])
  if (fault !== undefined) parts.push(['fault = ?', JSON.stringify(fault)])
  if (search !== undefined && search !== '') parts.push([`instruction LIKE ? ESCAPE '\\'`, containing(search)])
  return allOf(parts)
}

function readBrief(row: Row): EpisodeBrief {
  return { ...readEpisode(row), ...readArm(row), steps: Number(row.steps) }
}
