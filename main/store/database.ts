/** The store's SQLite connection, with statements that are prepared once, and errors that tell the user what to do. */
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import { makeFolder, unwritable } from '../files/file.ts'
import { realPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { MIGRATIONS } from './migrations.ts'

export type Row = Record<string, SQLOutputValue>

/** Milliseconds that a statement waits while another program writes. */
const PATIENCE = 10_000

/** Opens a file, and creates or upgrades its tables as needed. Throws UserError for a file that is not a store. */
export class Database {
  readonly path: string
  readonly #connection: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(path: string) {
    this.path = realPath(path)
    try {
      makeFolder(dirname(this.path))
      refuseOtherThan(this.path)
      this.#connection = new DatabaseSync(this.path, { enableForeignKeyConstraints: true, timeout: PATIENCE })
    } catch (error) {
      throw explained(path, error)
    }
    try {
      this.#refuseForeign()
      this.#connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
      this.#migrate()
    } catch (error) {
      this.#connection.close()
      throw explained(path, error)
    }
  }

  close(): void {
    this.#connection.close()
  }

  /**
   * Runs `work` as one transaction: all of its changes are stored, or none. Within another transaction it becomes part
   * of that.
   */
  transaction<T>(work: () => T): T {
    if (this.#connection.isTransaction) return work()
    try {
      this.#connection.exec('BEGIN IMMEDIATE')
      const result = work()
      this.#connection.exec('COMMIT')
      return result
    } catch (error) {
      this.#rollBack()
      throw explained(this.path, error)
    }
  }

  /** Runs `work` and takes back all of its changes, to see what it would do. Not within a transaction. */
  trial<T>(work: () => T): T {
    try {
      this.#connection.exec('BEGIN IMMEDIATE')
      return work()
    } catch (error) {
      throw explained(this.path, error)
    } finally {
      this.#rollBack()
    }
  }

  #rollBack(): void {
    try {
      if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK')
    } catch {
      // A disk that fails may refuse this too. The first error says why, and SQLite forgets what was not committed.
    }
  }

  /** Runs a statement that changes something. */
  run(sql: string, ...values: SQLInputValue[]) {
    return this.#asked(() => this.#prepare(sql).run(...values))
  }

  /**
   * Runs a statement only if it can run at once; returns false where the store is busy or the disk refuses. For what may
   * be done later as well.
   */
  tryRun(sql: string, ...values: SQLInputValue[]): boolean {
    const wait = (milliseconds: number) => this.#connection.exec(`PRAGMA busy_timeout = ${milliseconds}`)
    try {
      wait(0)
      try {
        this.#prepare(sql).run(...values)
        return true
      } finally {
        wait(PATIENCE)
      }
    } catch {
      return false
    }
  }

  /** The first row of a query; undefined where there is none. */
  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#asked(() => this.#prepare(sql).get(...values))
  }

  /** Every row of a query. */
  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#asked(() => this.#prepare(sql).all(...values))
  }

  #asked<Answer>(ask: () => Answer): Answer {
    try {
      return ask()
    } catch (error) {
      throw explained(this.path, error)
    }
  }

  /** Throws UserError for the database of another program, before anything in it is changed. */
  #refuseForeign(): void {
    const row = this.get(
      'SELECT user_version AS version, (SELECT count(*) FROM sqlite_schema) AS tables FROM pragma_user_version',
    )
    if (Number(row?.version) === 0 && Number(row?.tables) > 0) throw new UserError('storeDamaged', { path: this.path })
  }

  #migrate(): void {
    for (const [at, migration] of MIGRATIONS.entries()) {
      if (at < this.#version()) continue
      this.transaction(() => {
        // Another process may have made this step since.
        if (at < this.#version()) return
        this.#connection.exec(`${migration}; PRAGMA user_version = ${at + 1}`)
      })
    }
  }

  /** The number of migrations that the file has had. Throws UserError where a newer version of the lab made it. */
  #version(): number {
    const version = Number(this.get('PRAGMA user_version')?.user_version)
    if (version > MIGRATIONS.length) throw new UserError('storeNewer', { path: this.path })
    return version
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#connection.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

/** Throws UserError where something else than a file is in the place, and for a file with two names. */
function refuseOtherThan(path: string): void {
  const there = statSync(path, { throwIfNoEntry: false })
  if (there === undefined) return
  if (!there.isFile()) throw new UserError('storeNotAFile', { path })
  // SQLite keeps what it has not yet written to a store in files beside it, so it must know the store by one name.
  if (there.nlink > 1) throw new UserError('storeHasTwoNames', { path })
}

const DAMAGE = /no such (table|column)|already exists|malformed|has no column|duplicate column|unsupported file format/

/** Turns those SQLite result codes that the user can act on (sqlite.org/rescode.html) into UserErrors. */
function explained(path: string, error: unknown): unknown {
  if (error instanceof UserError) return error
  const { errcode = 0, errstr = '', message = '' } = error as { errcode?: number; errstr?: string; message?: string }
  // The lowest byte is the primary code.
  switch (errcode & 0xff) {
    case 1:
      // The statements are the lab's own, so it is the tables that are wrong.
      return DAMAGE.test(message) ? new UserError('storeDamaged', { path }) : error
    case 5:
    case 6:
    case 15:
      return new UserError('storeHeld', { path })
    case 8:
    case 14:
      return new UserError('storeNotWritable', { path })
    case 11:
    case 26:
      return new UserError('storeDamaged', { path })
    case 10:
      return new UserError('storeDiskFails', { path, reason: errstr })
    case 13:
      return new UserError('diskFull', { path })
    default:
      return unwritable(path, error)
  }
}
