/** The lab's memory: one SQLite file with every run, stage, metric, episode and pair, written the moment it exists. */
import { existsSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { type Config, configSchema } from '../config/schema.ts'
import { UserError } from '../messages/error.ts'
import { messageSchema } from '../messages/schema.ts'
import { Database, type Row } from './database.ts'
import { type Ending, type Episode, FAILURE_REASONS, type PlayedAttempt, type Shot, type Step } from './episode.ts'
import { type ArmKey, armValues, type RoundKey, readArm, type StageKey } from './keys.ts'
import { Pairs } from './pairs.ts'

export type Status = 'running' | 'done' | 'failed' | 'stopped'

export interface Run {
  readonly id: number
  readonly name: string
  /** What the run is to do, as the runner wrote it. */
  readonly command: unknown
  /** Every value it works with, defaults included. */
  readonly config: Config
  /** The earlier collection whose pairs it trains on; null where it takes its own, or the latest. */
  readonly collection: RoundKey | null
  readonly status: Status
  /** Milliseconds since 1970. */
  readonly started: number
  readonly ended: number | null
}

export interface StageRecord extends StageKey {
  readonly status: Status
  readonly started: number
  readonly ended: number | null
  /** Wall time of all its sittings, in seconds. */
  readonly seconds: number
  /** What the stage returned; null until it is done. */
  readonly result: unknown
}

export interface Metric extends ArmKey {
  readonly step: number
  /** TRL's name. */
  readonly name: string
  /** null where it is not a number. */
  readonly value: number | null
}

export type StoredEpisode = Episode & { readonly id: number }

/** The same without its steps. */
export type StoredAttempt = PlayedAttempt & { readonly id: number }

/** Where a training stood. */
export interface Checkpoint {
  readonly step: number
  /** Weights and optimiser state, in the form the training wrote them. */
  readonly file: string
  /** What else it has to remember, as JSON. */
  readonly state: unknown
}

/** Opens a store, making or upgrading it as needed. Throws UserError for a file that is not one. */
export class Store {
  readonly path: string
  /** For the other rooms of the store, which keep their own tables in it. */
  readonly database: Database
  readonly pairs: Pairs

  constructor(path: string) {
    this.path = path
    this.database = new Database(path)
    this.pairs = new Pairs(this.database)
  }

  /** Runs `work` as one transaction: everything that it does with the store is kept, or nothing. */
  transaction<T>(work: () => T): T {
    return this.database.transaction(work)
  }

  close(): void {
    this.database.close()
  }

  // Runs

  /** Begins a run and returns its id, which is greater than those of all runs here, and than `after`. */
  createRun(
    name: string,
    command: unknown,
    config: Config,
    { after = 0, collection = null }: { readonly after?: number; readonly collection?: RoundKey | null } = {},
  ): number {
    const { lastInsertRowid } = this.database.run(
      `INSERT INTO runs (id, name, command, config, collection, status, started)
       VALUES (max(?, (SELECT coalesce(max(id), 0) FROM runs)) + 1, ?, ?, ?, ?, 'running', ?)`,
      after,
      name,
      JSON.stringify(command),
      JSON.stringify(config),
      JSON.stringify(collection),
      Date.now(),
    )
    return Number(lastInsertRowid)
  }

  setRunStatus(run: number, status: Status): void {
    const ended = status === 'running' ? null : Date.now()
    this.database.run('UPDATE runs SET status = ?, ended = ? WHERE id = ?', status, ended, run)
  }

  /** Every run that is not deleted, the latest first. */
  runs(): Run[] {
    return this.database
      .all('SELECT * FROM runs WHERE deleted IS NULL ORDER BY id DESC')
      .map((row) => this.#readRun(row))
  }

  /** The ids of all runs that are not deleted, the latest first. */
  runIds(): number[] {
    return this.database.all('SELECT id FROM runs WHERE deleted IS NULL ORDER BY id DESC').map(({ id }) => Number(id))
  }

  /** Hides a run, or shows it again: what it found stays until it is purged. */
  setRunDeleted(run: number, deleted: boolean): void {
    this.database.run('UPDATE runs SET deleted = ? WHERE id = ?', deleted ? Date.now() : null, run)
  }

  /** The runs that are hidden since before `time` (milliseconds since 1970). */
  deletedRuns(time: number): Run[] {
    return this.database.all('SELECT * FROM runs WHERE deleted < ? ORDER BY id', time).map((row) => this.#readRun(row))
  }

  /** Forgets a run and everything it found. */
  purgeRun(run: number): void {
    this.database.run('DELETE FROM runs WHERE id = ?', run)
  }

  /** The latest run that is not deleted, or undefined where there is none. */
  latestRun(): Run | undefined {
    const row = this.database.get('SELECT * FROM runs WHERE deleted IS NULL ORDER BY id DESC LIMIT 1')
    return row === undefined ? undefined : this.#readRun(row)
  }

  #readRun(row: Row): Run {
    const config = configSchema.safeParse(JSON.parse(String(row.config)))
    if (!config.success) {
      const key = config.error.issues[0]?.path.join('.')
      throw new UserError(
        `${this.path}: run ${row.id} was made by another version of the lab (${key}); move the store away.`,
      )
    }
    return {
      id: Number(row.id),
      name: String(row.name),
      command: JSON.parse(String(row.command)),
      config: config.data,
      collection: collectionSchema.parse(JSON.parse(String(row.collection))),
      status: statusSchema.parse(row.status),
      started: Number(row.started),
      ended: row.ended === null ? null : Number(row.ended),
    }
  }

  /** The run of this id. Throws an Error where there is none. */
  run(id: number): Run {
    const row = this.database.get('SELECT * FROM runs WHERE id = ?', id)
    if (row === undefined) throw new Error(`${this.path}: there is no run ${id}.`)
    return this.#readRun(row)
  }

  // Stages

  /** Marks a stage as running, be it for the first time or again. */
  startStage({ run, stage, round }: StageKey): void {
    this.database.run(
      `INSERT INTO stages (run, stage, round, status, started) VALUES (?, ?, ?, 'running', ?)
       ON CONFLICT DO UPDATE SET status = 'running', ended = NULL`,
      run,
      stage,
      round,
      Date.now(),
    )
  }

  /** Adds to a stage's wall time; called while it runs, so that a kill loses little of the count. */
  addStageSeconds({ run, stage, round }: StageKey, seconds: number): void {
    this.database.run(
      'UPDATE stages SET seconds = seconds + ? WHERE run = ? AND stage = ? AND round = ?',
      seconds,
      run,
      stage,
      round,
    )
  }

  endStage({ run, stage, round }: StageKey, status: Status, result: unknown = null): void {
    this.database.run(
      'UPDATE stages SET status = ?, ended = ?, result = ? WHERE run = ? AND stage = ? AND round = ?',
      status,
      Date.now(),
      JSON.stringify(result),
      run,
      stage,
      round,
    )
  }

  /** The stages of a run in the order they were begun. */
  stages(run: number): StageRecord[] {
    return this.database.all('SELECT * FROM stages WHERE run = ? ORDER BY started, round', run).map((row) => ({
      run: Number(row.run),
      stage: String(row.stage),
      round: Number(row.round),
      status: statusSchema.parse(row.status),
      started: Number(row.started),
      ended: row.ended === null ? null : Number(row.ended),
      seconds: Number(row.seconds),
      result: row.result === null ? null : JSON.parse(String(row.result)),
    }))
  }

  // Metrics

  /** Keeps the metrics of one step; a step that is done again after a resume replaces what it wrote before. */
  addMetrics(key: ArmKey, step: number, metrics: Readonly<Record<string, number>>): void {
    this.database.transaction(() => {
      for (const [name, value] of Object.entries(metrics)) {
        this.database.run(
          'INSERT OR REPLACE INTO metrics (run, stage, round, arm, step, name, value) VALUES (?, ?, ?, ?, ?, ?, ?)',
          ...armValues(key),
          step,
          name,
          Number.isFinite(value) ? value : null,
        )
      }
    })
  }

  /** Every metric of a run, by stage, round, arm and step. */
  metrics(run: number): Metric[] {
    return this.database
      .all('SELECT * FROM metrics WHERE run = ? ORDER BY stage, round, arm, step, name', run)
      .map((row) => ({
        ...readArm(row),
        step: Number(row.step),
        name: String(row.name),
        value: row.value === null ? null : Number(row.value),
      }))
  }

  // Episodes

  /** Keeps an episode with its steps. False, and nothing changes, where this attempt is already kept. */
  addEpisode(key: ArmKey, episode: Episode): boolean {
    return this.database.transaction(() => {
      const { changes, lastInsertRowid } = this.database.run(
        `INSERT INTO episodes (run, stage, round, arm, task, seed, attempt, instruction, outcome, reason, fault, reward, duration)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        ...armValues(key),
        episode.task,
        episode.seed,
        episode.attempt,
        episode.instruction,
        episode.outcome,
        episode.outcome === 'failure' ? episode.reason : null,
        episode.outcome === 'fault' ? JSON.stringify(episode.fault) : null,
        episode.reward,
        episode.duration,
      )
      if (changes === 0) return false
      for (const [position, step] of episode.steps.entries()) {
        this.database.run(
          `INSERT INTO steps (episode, position, page, prompt, completion, tokens, logprob, thought, action, picture, box)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          lastInsertRowid,
          position,
          step.page,
          step.prompt,
          step.completion,
          new Uint8Array(Int32Array.from(step.tokens).buffer),
          step.logprob,
          step.thought,
          step.action,
          step.shot?.picture ?? null,
          JSON.stringify(step.shot?.box ?? null),
        )
      }
      return true
    })
  }

  /** Keeps how the pages of an episode looked, from its first step on. */
  setShots(episode: number, shots: readonly Shot[]): void {
    this.database.transaction(() => {
      for (const [position, { picture, box }] of shots.entries()) {
        this.database.run(
          'UPDATE steps SET picture = ?, box = ? WHERE episode = ? AND position = ?',
          picture,
          JSON.stringify(box),
          episode,
          position,
        )
      }
    })
  }

  /** The episodes of an arm by task, seed and attempt, whatever order they ended in; pictures are left out. */
  episodes(key: ArmKey): StoredEpisode[] {
    const steps = new Map<number, Step[]>()
    for (const row of this.database.all(
      `SELECT steps.* FROM steps JOIN episodes ON episodes.id = steps.episode
       WHERE run = ? AND stage = ? AND round = ? AND arm = ? ORDER BY episode, position`,
      ...armValues(key),
    )) {
      const id = Number(row.episode)
      const list = steps.get(id) ?? []
      list.push(readStep(row))
      steps.set(id, list)
    }
    return this.outcomes(key).map((episode) => ({ ...episode, steps: steps.get(episode.id) ?? [] }))
  }

  /** How the episodes of an arm ended, by task, seed and attempt: their steps are not read. */
  outcomes(key: ArmKey): StoredAttempt[] {
    return this.database
      .all(
        'SELECT * FROM episodes WHERE run = ? AND stage = ? AND round = ? AND arm = ? ORDER BY task, seed, attempt',
        ...armValues(key),
      )
      .map(readEpisode)
  }

  /** The arms of a run that have episodes. */
  arms(run: number): ArmKey[] {
    return this.database
      .all('SELECT DISTINCT run, stage, round, arm FROM episodes WHERE run = ? ORDER BY round, stage, arm', run)
      .map(readArm)
  }

  /** The picture of a step, or undefined where none was kept. */
  picture(episode: number, position: number): Uint8Array | undefined {
    const row = this.database.get('SELECT picture FROM steps WHERE episode = ? AND position = ?', episode, position)
    return row?.picture instanceof Uint8Array ? row.picture : undefined
  }

  // Checkpoints of trainings

  /**
   * Keeps where a training stands in place of where it stood. `write` writes the large part to the path it is given, a
   * new one beside the store, and must leave it synced (writeFileAtomic does).
   */
  saveCheckpoint(key: ArmKey, step: number, state: unknown, write: (file: string) => void): void {
    const before = this.#checkpointRow(key)?.file
    const file = `${key.run}-${key.stage}-${key.round}-${key.arm || 'main'}-${step}.checkpoint`
    write(this.#beside(file))
    this.database.run(
      'INSERT OR REPLACE INTO checkpoints (run, stage, round, arm, step, file, state) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...armValues(key),
      step,
      file,
      JSON.stringify(state),
    )
    if (before !== undefined && before !== file) rmSync(this.#beside(String(before)), { force: true })
  }

  /** Where a training stood, or undefined where it has not begun or its file was cleaned up: it then begins again. */
  checkpoint(key: ArmKey): Checkpoint | undefined {
    const row = this.#checkpointRow(key)
    if (row === undefined) return undefined
    const file = this.#beside(String(row.file))
    return existsSync(file) ? { step: Number(row.step), file, state: JSON.parse(String(row.state)) } : undefined
  }

  /** Forgets where a training stood, once it is done. */
  dropCheckpoint(key: ArmKey): void {
    const file = this.#checkpointRow(key)?.file
    this.database.run(
      'DELETE FROM checkpoints WHERE run = ? AND stage = ? AND round = ? AND arm = ?',
      ...armValues(key),
    )
    if (file !== undefined) rmSync(this.#beside(String(file)), { force: true })
  }

  #checkpointRow(key: ArmKey): Row | undefined {
    return this.database.get(
      'SELECT * FROM checkpoints WHERE run = ? AND stage = ? AND round = ? AND arm = ?',
      ...armValues(key),
    )
  }

  #beside(file: string): string {
    return join(dirname(this.path), `${basename(this.path)}-checkpoints`, file)
  }
}

const statusSchema: z.ZodType<Status> = z.enum(['running', 'done', 'failed', 'stopped'])
const collectionSchema: z.ZodType<RoundKey | null> = z.object({ run: z.int(), round: z.int() }).nullable()
const reward = z.number()
const endingSchema: z.ZodType<Ending> = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('success'), reward }),
  z.object({ outcome: z.literal('failure'), reason: z.enum(FAILURE_REASONS), reward }),
  z.object({ outcome: z.literal('fault'), fault: messageSchema, reward }),
])

/** An episode of a row of `episodes`, without its steps. */
export function readEpisode(row: Row): StoredAttempt {
  return {
    id: Number(row.id),
    task: String(row.task),
    seed: Number(row.seed),
    attempt: Number(row.attempt),
    instruction: String(row.instruction),
    duration: Number(row.duration),
    ...readEnding(row),
  }
}

function readEnding({ outcome, reason, fault, reward }: Row): Ending {
  return endingSchema.parse({ outcome, reason, fault: fault === null ? null : JSON.parse(String(fault)), reward })
}

function readStep(row: Row): Step {
  const bytes = z.instanceof(Uint8Array).parse(row.tokens)
  return {
    page: String(row.page),
    prompt: String(row.prompt),
    completion: String(row.completion),
    tokens: [...new Int32Array(bytes.slice().buffer)],
    logprob: Number(row.logprob),
    thought: String(row.thought),
    action: String(row.action),
  }
}
