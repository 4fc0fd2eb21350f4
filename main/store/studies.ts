/** Studies: a plan of trainings, and the members that it consists of. Each member that has begun is a run. */
import { z } from 'zod'
import { type Config, configSchema } from '../config/schema.ts'
import type { Database, Row } from './database.ts'
import { type Status, statusSchema } from './runs.ts'
import { parseJson, readFileName, readJson, readValue } from './values.ts'

/** 'paused' and 'cancelled' by a person. A study is finished when all its members are. */
export type StudyState = 'open' | 'paused' | 'cancelled'
const stateSchema: z.ZodType<StudyState> = z.enum(['open', 'paused', 'cancelled'])

/** The key of a member. Members of a study count from 1. */
export interface MemberKey {
  readonly study: number
  readonly member: number
}

/** What a member is to do. */
export interface PlannedMember {
  readonly variant: string
  /** The training seed. */
  readonly seed: number
  readonly config: Config
}

export interface Member extends MemberKey, Omit<PlannedMember, 'config'> {
  readonly cancelled: boolean
  /** The run that plays it; null before it began. */
  readonly run: number | null
  /** The run's status; null before it began. A run without a process at work stays 'running' after a kill. */
  readonly status: Status | null
}

export interface StudyRecord {
  readonly id: number
  readonly name: string
  readonly state: StudyState
  /** Milliseconds since 1970. */
  readonly created: number
}

/** Members are worked off in the order of their places, studies likewise. */
export class Studies {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Adds a study at the end of the queue. Returns its id. */
  create(name: string, plan: unknown): number {
    const { lastInsertRowid } = this.#database.run(
      `INSERT INTO studies (name, plan, place, created)
       VALUES (?, ?, (SELECT coalesce(max(place), 0) + 1 FROM studies), ?)`,
      name,
      JSON.stringify(plan),
      Date.now(),
    )
    return Number(lastInsertRowid)
  }

  /** Adds members to the end of a study. */
  addMembers(study: number, members: readonly PlannedMember[]): void {
    this.#database.transaction(() => {
      for (const { variant, seed, config } of members) {
        this.#database.run(
          `INSERT INTO study_members (study, member, variant, seed, config, place)
           SELECT ?, coalesce(max(member), 0) + 1, ?, ?, ?, coalesce(max(place), 0) + 1 FROM study_members WHERE study = ?`,
          study,
          variant,
          seed,
          JSON.stringify(config),
          study,
        )
      }
    })
  }

  /** Every study, in the order of the queue. */
  list(): StudyRecord[] {
    return this.#database.all('SELECT id, name, state, created FROM studies ORDER BY place').map(readStudy)
  }

  /** The study with this id; undefined where there is none. */
  find(id: number): StudyRecord | undefined {
    const row = this.#database.get('SELECT id, name, state, created FROM studies WHERE id = ?', id)
    return row === undefined ? undefined : readStudy(row)
  }

  /** The plan of a study, as it was given. Throws UserError where the store is damaged. */
  plan<Plan>(id: number, schema: z.ZodType<Plan>): Plan {
    return readJson(schema, 'studies.plan', this.#database.get('SELECT plan FROM studies WHERE id = ?', id)?.plan)
  }

  setPlan(id: number, plan: unknown): void {
    this.#database.run('UPDATE studies SET plan = ? WHERE id = ?', JSON.stringify(plan), id)
  }

  setState(id: number, state: StudyState): void {
    this.#database.run('UPDATE studies SET state = ? WHERE id = ?', state, id)
  }

  /** Puts studies at the head of the queue, in this order. */
  order(ids: readonly number[]): void {
    this.#database.transaction(() => {
      const rest = this.list().flatMap(({ id }) => (ids.includes(id) ? [] : [id]))
      for (const [place, id] of [...ids, ...rest].entries()) {
        this.#database.run('UPDATE studies SET place = ? WHERE id = ?', place + 1, id)
      }
    })
  }

  /** The members of a study, in the order in which they are worked off. */
  members(study: number): Member[] {
    return this.#database.all(`${MEMBERS} WHERE study = ? ORDER BY study_members.place`, study).map(readMember)
  }

  /** The member that a run plays; undefined where it is not of a study. */
  memberOf(run: number): Member | undefined {
    const row = this.#database.get(`${MEMBERS} WHERE study_members.run = ?`, run)
    return row === undefined ? undefined : readMember(row)
  }

  /** The settings of a member. Throws UserError where the store is damaged. */
  config({ study, member }: MemberKey): Config {
    const row = this.#database.get('SELECT config FROM study_members WHERE study = ? AND member = ?', study, member)
    return readValue(configSchema, 'study_members.config', parseJson('study_members.config', row?.config))
  }

  setRun({ study, member }: MemberKey, run: number): void {
    this.#database.run('UPDATE study_members SET run = ? WHERE study = ? AND member = ?', run, study, member)
  }

  setCancelled({ study, member }: MemberKey, cancelled: boolean): void {
    const value = Number(cancelled)
    this.#database.run('UPDATE study_members SET cancelled = ? WHERE study = ? AND member = ?', value, study, member)
  }

  /** Puts members at the head of a study, in this order. */
  orderMembers(study: number, members: readonly number[]): void {
    this.#database.transaction(() => {
      const rest = this.members(study).flatMap(({ member }) => (members.includes(member) ? [] : [member]))
      for (const [place, member] of [...members, ...rest].entries()) {
        const where = 'WHERE study = ? AND member = ?'
        this.#database.run(`UPDATE study_members SET place = ? ${where}`, place + 1, study, member)
      }
    })
  }

  /** Deletes a study. Its runs stay. */
  delete(id: number): void {
    this.#database.run('DELETE FROM studies WHERE id = ?', id)
  }
}

// A run that somebody has deleted counts as none.
const MEMBERS = `SELECT study, member, variant, seed, cancelled, runs.id AS run, runs.status AS status
  FROM study_members LEFT JOIN runs ON runs.id = study_members.run AND runs.deleted IS NULL`

function readStudy(row: Row): StudyRecord {
  return {
    id: Number(row.id),
    name: readFileName('studies.name', row.name),
    state: readValue(stateSchema, 'studies.state', row.state),
    created: Number(row.created),
  }
}

function readMember(row: Row): Member {
  return {
    study: Number(row.study),
    member: Number(row.member),
    variant: String(row.variant),
    seed: Number(row.seed),
    cancelled: row.cancelled === 1,
    run: row.run === null ? null : Number(row.run),
    status: row.status === null ? null : readValue(statusSchema, 'runs.status', row.status),
  }
}
