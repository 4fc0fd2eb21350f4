/** The log: what runs said while they ran, so that whoever comes later reads what those read who watched. */
import type { Database, Row } from './database.ts'
import { containing } from './page.ts'

export interface LoggedEvent {
  /** Grows with every event: whoever knows the last one he saw can go on after it. */
  readonly id: number
  readonly run: number
  /** Milliseconds since 1970. */
  readonly time: number
  /** The event as the runner told it. */
  readonly event: unknown
}

/** Which lines of the log: of all runs or of one, those that hold a text, those before one. */
export interface LogQuery {
  readonly run?: number | undefined
  /** Any case; % and _ are letters like others. */
  readonly search?: string | undefined
  /** Only older ones than this id. */
  readonly before?: number | undefined
  readonly limit: number
}

export class Events {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Keeps an event and returns its id. */
  add(run: number, event: unknown): number {
    const { lastInsertRowid } = this.#database.run(
      'INSERT INTO events (run, time, event) VALUES (?, ?, ?)',
      run,
      Date.now(),
      JSON.stringify(event),
    )
    return Number(lastInsertRowid)
  }

  /** At most `limit` events that came after the one of this id, the oldest first; of one run where it is given. */
  after(id: number, limit: number, run?: number): LoggedEvent[] {
    return this.#database
      .all(
        'SELECT * FROM events WHERE id > ? AND (? IS NULL OR run = ?) ORDER BY id LIMIT ?',
        id,
        run ?? null,
        run ?? null,
        limit,
      )
      .map(readEvent)
  }

  /** The newest events that match, the newest first. */
  page({ run, search, before, limit }: LogQuery): LoggedEvent[] {
    const pattern = search === undefined || search === '' ? null : containing(search)
    return this.#database
      .all(
        `SELECT * FROM events WHERE (?1 IS NULL OR run = ?1) AND (?2 IS NULL OR id < ?2)
         AND (?3 IS NULL OR json_extract(event, '$.text') LIKE ?3 ESCAPE '\\'
           OR json_extract(event, '$.error') LIKE ?3 ESCAPE '\\' OR json_extract(event, '$.stage') LIKE ?3 ESCAPE '\\')
         ORDER BY id DESC LIMIT ?4`,
        run ?? null,
        before ?? null,
        pattern,
        limit,
      )
      .map(readEvent)
  }

  /** The id after which the events of a run begin; without a run, that of the newest event. 0 where there is none. */
  before(run: number | undefined): number {
    const row =
      run === undefined
        ? this.#database.get('SELECT coalesce(max(id), 0) AS id FROM events')
        : this.#database.get('SELECT coalesce(min(id) - 1, 0) AS id FROM events WHERE run = ?', run)
    return Number(row?.id)
  }
}

function readEvent(row: Row): LoggedEvent {
  return { id: Number(row.id), run: Number(row.run), time: Number(row.time), event: JSON.parse(String(row.event)) }
}
