/** Every attempt at a task, with its steps and pictures. */
import type { SQLInputValue } from 'node:sqlite'
import { z } from 'zod'
import type { Message } from '../messages/message.ts'
import { messageSchema } from '../messages/schema.ts'
import type { Database, Row } from './database.ts'
import {
  type Box,
  type Ending,
  type Episode,
  FAILURE_REASONS,
  type FailureReason,
  OUTCOMES,
  type Outcome,
  type PlayedAttempt,
  type Shot,
  type Step,
} from './episode.ts'
import { type ArmKey, armValues, OF_ARM, readArm } from './keys.ts'
import { allOf, containing, type Page, type Slice, type Where } from './page.ts'
import { parseJson, readJson, readValue } from './values.ts'

export type StoredEpisode = Episode & { readonly id: number }

/** An attempt without its steps. */
export type StoredAttempt = PlayedAttempt & { readonly id: number }

/** An attempt as a row of a long table. */
export type EpisodeBrief = ArmKey & StoredAttempt & { /** How many there are. */ readonly steps: number }

export interface StoredStep {
  readonly page: string
  readonly prompt: string
  readonly completion: string
  /** Number of tokens. */
  readonly tokens: number
  /** Sum over the completion's tokens, in nats. */
  readonly logprob: number
  readonly thought: string
  readonly action: string
  readonly hasPicture: boolean
  /** Place of the action's element; null also where there is no picture. */
  readonly box: Box | null
}

/** An episode for display: with its arm, and with steps without pictures and tokens. */
export type EpisodeView = ArmKey & StoredAttempt & { readonly steps: readonly StoredStep[] }

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
  /** Text within the instruction or an answer, which has thought and action; in any case. */
  readonly search?: string | undefined
}

/** The possible orders of episodes, as SQL. The text of an ORDER BY comes only from here. */
const ORDERS = {
  id: 'id',
  run: 'run',
  task: 'task',
  seed: 'seed',
  outcome: 'outcome',
  reason: 'coalesce(reason, fault)',
  steps: 'steps',
  duration: 'duration',
} as const
export interface EpisodeOrder {
  readonly by: keyof typeof ORDERS
  readonly descending: boolean
}

/** The instructions and answers that contain a text. Most episodes have the same ones, so each is looked through once. */
const SEARCHED = "(SELECT text FROM episode_texts WHERE text LIKE ? ESCAPE '\\')"

/** A machine that plays episodes. Machines of one kind round alike. */
export interface Machine {
  readonly name: string
  /** The engine's description. */
  readonly engine: Message
  readonly kind: string
}

/** The number of an arm's episodes that a machine played. */
export interface MachineCount extends Machine, Omit<ArmKey, 'run'> {
  readonly count: number
}

/** Number of episodes of a group by outcome. */
export interface EpisodeGroup extends Omit<ArmKey, 'run'> {
  readonly task: string
  readonly outcome: Outcome
  readonly count: number
}

export class Episodes {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /**
   * Stores an episode with its steps, and the machine that played it where several do. It replaces a fault. Returns false and
   * changes nothing where this attempt was already played to its end.
   */
  add(key: ArmKey, episode: Episode, machine: Machine | null = null): boolean {
    return this.#database.transaction(() => {
      this.#database.run(
        `DELETE FROM episodes WHERE ${OF_ARM} AND task = ? AND seed = ? AND attempt = ? AND outcome = 'fault'`,
        ...armValues(key),
        episode.task,
        episode.seed,
        episode.attempt,
      )
      const { changes, lastInsertRowid } = this.#database.run(
        `INSERT INTO episodes (run, stage, round, arm, task, seed, attempt, instruction, outcome, reason, fault, reward, duration, steps,
           machine)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
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
        episode.steps.length,
        machine === null ? null : this.#machine(machine),
      )
      if (changes === 0) return false
      for (const [position, step] of episode.steps.entries()) {
        this.#database.run(
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

  /** The id of a machine. */
  #machine({ name, engine, kind }: Machine): number {
    const values = [name, JSON.stringify(engine), kind]
    this.#database.run('INSERT INTO machines (name, engine, kind) VALUES (?, ?, ?) ON CONFLICT DO NOTHING', ...values)
    return Number(
      this.#database.get('SELECT id FROM machines WHERE name = ? AND engine = ? AND kind = ?', ...values)?.id,
    )
  }

  /** Who played the episodes of a run, by stage, round and arm, as far as several machines did. */
  machines(run: number): MachineCount[] {
    return this.#database
      .all(
        `SELECT stage, round, arm, name, engine, kind, count(*) AS n FROM episodes
           JOIN machines ON machines.id = episodes.machine WHERE run = ?
         GROUP BY stage, round, arm, machines.id ORDER BY round, stage, arm, n DESC, name`,
        run,
      )
      .map((row) => ({
        stage: String(row.stage),
        round: Number(row.round),
        arm: String(row.arm),
        name: String(row.name),
        engine: readJson(messageSchema, 'machines.engine', row.engine),
        kind: String(row.kind),
        count: Number(row.n),
      }))
  }

  /**
   * Copies the episodes of an arm, without faults, to another arm. Does nothing where that one has episodes already, so
   * nothing is ever copied in part. Returns whether it copied any.
   */
  copy(from: ArmKey, to: ArmKey): boolean {
    const columns = 'task, seed, attempt, instruction, outcome, reason, fault, reward, duration, steps, machine'
    return this.#database.transaction(() => {
      const { changes } = this.#database.run(
        `INSERT INTO episodes (run, stage, round, arm, ${columns})
         SELECT ?, ?, ?, ?, ${columns} FROM episodes
         WHERE ${OF_ARM} AND outcome <> 'fault' AND NOT EXISTS (SELECT 1 FROM episodes WHERE ${OF_ARM})`,
        ...armValues(to),
        ...armValues(from),
        ...armValues(to),
      )
      if (changes === 0) return false
      this.#database.run(
        `INSERT INTO steps (episode, position, page, prompt, completion, tokens, logprob, thought, action, picture, box)
         SELECT copied.id, position, page, prompt, completion, tokens, logprob, thought, action, picture, box
         FROM (SELECT * FROM episodes WHERE ${OF_ARM}) AS copied
           JOIN (SELECT * FROM episodes WHERE ${OF_ARM}) AS original USING (task, seed, attempt)
           JOIN steps ON episode = original.id`,
        ...armValues(to),
        ...armValues(from),
      )
      return true
    })
  }

  /** Stores the pictures of an episode, from its first step on. */
  setShots(id: number, shots: readonly Shot[]): void {
    this.#database.transaction(() => {
      for (const [position, { picture, box }] of shots.entries()) {
        this.#database.run(
          'UPDATE steps SET picture = ?, box = ? WHERE episode = ? AND position = ?',
          picture,
          JSON.stringify(box),
          id,
          position,
        )
      }
    })
  }

  /** The episodes of an arm by task, seed and attempt, in whatever order they ended; without pictures. */
  of(key: ArmKey): StoredEpisode[] {
    const steps = new Map<number, Step[]>()
    for (const row of this.#database.all(
      `SELECT episode, page, prompt, completion, tokens, logprob, thought, action
       FROM steps JOIN episodes ON episodes.id = steps.episode WHERE ${OF_ARM} ORDER BY episode, position`,
      ...armValues(key),
    )) {
      const id = Number(row.episode)
      const list = steps.get(id) ?? []
      list.push(readStep(row))
      steps.set(id, list)
    }
    return this.outcomes(key).map((episode) => ({ ...episode, steps: steps.get(episode.id) ?? [] }))
  }

  /** The steps of an episode with their tokens, without pictures. */
  steps(id: number): Step[] {
    return this.#database
      .all(
        `SELECT page, prompt, completion, tokens, logprob, thought, action FROM steps WHERE episode = ? ORDER BY position`,
        id,
      )
      .map(readStep)
  }

  /** The endings of an arm's episodes, by task, seed and attempt. */
  outcomes(key: ArmKey): StoredAttempt[] {
    return this.#database
      .all(`SELECT * FROM episodes WHERE ${OF_ARM} ORDER BY task, seed, attempt`, ...armValues(key))
      .map(readAttempt)
  }

  /** The arms of a run that have episodes. */
  arms(run: number): ArmKey[] {
    return this.#database
      .all('SELECT DISTINCT run, stage, round, arm FROM episodes WHERE run = ? ORDER BY round, stage, arm', run)
      .map(readArm)
  }

  /** An episode with its steps; undefined where there is none. */
  get(id: number): EpisodeView | undefined {
    const row = this.#database.get('SELECT * FROM episodes WHERE id = ?', id)
    return row === undefined ? undefined : { ...readArm(row), ...readAttempt(row), steps: this.#steps(id) }
  }

  #steps(id: number): StoredStep[] {
    return this.#database
      .all(
        `SELECT page, prompt, completion, length(tokens) / 4 AS tokens, logprob, thought, action,
           picture IS NOT NULL AS pictured, box FROM steps WHERE episode = ? ORDER BY position`,
        id,
      )
      .map(readStoredStep)
  }

  /** The id of an attempt; undefined where it was not played. */
  idOf(key: ArmKey, task: string, seed: number, attempt: number): number | undefined {
    const row = this.#database.get(
      `SELECT id FROM episodes WHERE ${OF_ARM} AND task = ? AND seed = ? AND attempt = ?`,
      ...armValues(key),
      task,
      seed,
      attempt,
    )
    return row === undefined ? undefined : Number(row.id)
  }

  /** The picture of a step; undefined where none is stored. */
  picture(id: number, position: number): Uint8Array | undefined {
    const row = this.#database.get('SELECT picture FROM steps WHERE episode = ? AND position = ?', id, position)
    return row?.picture instanceof Uint8Array ? row.picture : undefined
  }

  // Lists. Episodes of deleted runs are never among them.

  /** A page of the episodes that pass the filter. */
  list(filter: EpisodeFilter, order: EpisodeOrder, { offset, limit }: Slice): Page<EpisodeBrief> {
    const { conditions, values } = this.#where(filter)
    const direction = order.descending ? 'DESC' : 'ASC'
    const by = `${ORDERS[order.by]} ${direction}, id ${direction}`
    const known = this.#counted(filter)
    // Otherwise SQLite would read every episode once more, only to find that there are none.
    if (known !== undefined && known <= offset) return { rows: [], total: known }
    // The ids of the page come first, so that skipped rows are not read.
    const passing = `SELECT id FROM episodes WHERE ${conditions}`
    const found = this.#database.all(
      `${
        known === undefined
          ? `WITH passing AS MATERIALIZED (${passing})
             SELECT id, (SELECT count(*) FROM passing) AS total FROM passing CROSS JOIN episodes USING (id)`
          : passing
      } ORDER BY ${by} LIMIT ? OFFSET ?`,
      ...values,
      limit,
      offset,
    )
    const [first] = found
    if (first === undefined) return { rows: [], total: offset === 0 ? 0 : (known ?? this.#count(filter)) }
    const rows = this.#database.all(
      `SELECT * FROM episodes WHERE id IN (SELECT value FROM json_each(?)) ORDER BY ${by}`,
      JSON.stringify(found.map(({ id }) => id)),
    )
    return { rows: rows.map(readBrief), total: known ?? Number(first.total) }
  }

  #count(filter: EpisodeFilter): number {
    const { conditions, values } = this.#where(filter)
    return Number(this.#database.get(`SELECT count(*) AS n FROM episodes WHERE ${conditions}`, ...values)?.n)
  }

  /** The number of episodes that pass the filter, where the store counts them as they come; otherwise undefined. */
  #counted(filter: EpisodeFilter): number | undefined {
    if (!isCounted(filter)) return undefined
    const { conditions, values } = this.#where(filter)
    return Number(
      this.#database.get(`SELECT coalesce(sum(n), 0) AS n FROM episode_counts WHERE ${conditions}`, ...values)?.n,
    )
  }

  /** Counts by stage, round, arm, task and outcome. */
  groups(filter: EpisodeFilter): EpisodeGroup[] {
    const { conditions, values } = this.#where(filter)
    const counts = isCounted(filter)
      ? `SELECT * FROM episode_counts WHERE ${conditions} AND n > 0`
      : `SELECT run, stage, round, arm, task, outcome, count(*) AS n FROM episodes WHERE ${conditions}
         GROUP BY run, stage, round, arm, task, outcome`
    return this.#database
      .all(
        `SELECT stage, round, arm, task, outcome, sum(n) AS n FROM (${counts})
         GROUP BY round, stage, arm, task, outcome ORDER BY round, stage, arm, task, outcome`,
        ...values,
      )
      .map((row) => ({
        stage: String(row.stage),
        round: Number(row.round),
        arm: String(row.arm),
        task: String(row.task),
        outcome: readValue(outcomeSchema, 'episodes.outcome', row.outcome),
        count: Number(row.n),
      }))
  }

  #where({ search, fault, ...equal }: EpisodeFilter): Where {
    const parts: [string, ...SQLInputValue[]][] = []
    // Looking up the run of every episode takes longer than most queries, and usually none is deleted.
    if (this.#database.get('SELECT 1 FROM runs WHERE deleted IS NOT NULL LIMIT 1') !== undefined) {
      parts.push(['run NOT IN (SELECT id FROM runs WHERE deleted IS NOT NULL)'])
    }
    for (const [name, value] of Object.entries(equal)) if (value !== undefined) parts.push([`${name} = ?`, value])
    if (fault !== undefined) parts.push(['fault = ?', JSON.stringify(fault)])
    if (search !== undefined && search !== '') {
      const pattern = containing(search)
      parts.push([
        `id IN (SELECT id FROM episodes WHERE instruction IN ${SEARCHED} UNION ALL SELECT episode FROM steps WHERE completion IN ${SEARCHED})`,
        pattern,
        pattern,
      ])
    }
    return allOf(parts)
  }
}

/** Whether a filter is by the columns of episode_counts alone. */
function isCounted({ seed, reason, fault, search = '' }: EpisodeFilter): boolean {
  return seed === undefined && reason === undefined && fault === undefined && search === ''
}

const outcomeSchema: z.ZodType<Outcome> = z.enum(OUTCOMES)
const reward = z.number()
const endingSchema: z.ZodType<Ending> = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('success'), reward }),
  z.object({ outcome: z.literal('failure'), reason: z.enum(FAILURE_REASONS), reward }),
  z.object({ outcome: z.literal('fault'), fault: messageSchema, reward }),
])
/** Numbers of 32 bits. */
const tokensSchema = z.instanceof(Uint8Array).refine(({ length }) => length % 4 === 0)
const boxSchema = z.strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }).nullable()

function readAttempt(row: Row): StoredAttempt {
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
  const ending = { outcome, reason, fault: fault === null ? null : parseJson('episodes.fault', fault), reward }
  return readValue(endingSchema, 'episodes.outcome', ending)
}

function readBrief(row: Row): EpisodeBrief {
  return { ...readArm(row), ...readAttempt(row), steps: Number(row.steps) }
}

function readStep(row: Row): Step {
  const bytes = readValue(tokensSchema, 'steps.tokens', row.tokens)
  return { ...readTexts(row), tokens: [...new Int32Array(bytes.slice().buffer)] }
}

function readStoredStep(row: Row): StoredStep {
  return {
    ...readTexts(row),
    tokens: Number(row.tokens),
    hasPicture: row.pictured === 1,
    box: readJson(boxSchema, 'steps.box', row.box),
  }
}

function readTexts(row: Row): Omit<Step, 'tokens' | 'shot'> {
  return {
    page: String(row.page),
    prompt: String(row.prompt),
    completion: String(row.completion),
    logprob: Number(row.logprob),
    thought: String(row.thought),
    action: String(row.action),
  }
}
