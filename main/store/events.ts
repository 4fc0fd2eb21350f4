/** The log: the events of runs, so that later readers see what viewers saw. */
import type { Database, Row } from './database.ts'
import { containing } from './page.ts'

export interface LoggedEvent {
  /** Grows with every event. A reader continues after the last id that it has seen. */
  readonly id: number
  readonly run: number
  /** Milliseconds since 1970. */
  readonly time: number
  /** The event as the runner reported it. */
  readonly event: unknown
}

/** Selects lines of the log: of all runs or of one, with a text, before an id. */
export interface LogQuery {
  readonly run?: number | undefined
  /** In any case; % and _ are ordinary characters. */
  readonly search?: string | undefined
  /** Only events before this id. */
  readonly before?: number | undefined
  readonly limit: number
}

export class Events {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Stores an event and returns its id. */
  add(run: number, event: unknown): number {
    const { lastInsertRowid } = this.#database.run(
      'INSERT INTO events (run, time, event) VALUES (?, ?, ?)',
      run,
      Date.now(),
      JSON.stringify(event),
    )
    return Number(lastInsertRowid)
  }

  /** At most `limit` events after the one with this id, the oldest first; with `run`, only those of this run. */
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

  /** The newest matching events, the newest first. */
  page({ run, search, before, limit }: LogQuery): LoggedEvent[] {
    const pattern = search === undefined || search === '' ? null : containing(search)
    return this.#database
      .all(
        `SELECT * FROM events WHERE (?1 IS NULL OR run = ?1) AND (?2 IS NULL OR id < ?2)
         AND (?3 IS NULL OR CASE WHEN json_valid(event) THEN json_extract(event, '$.text') LIKE ?3 ESCAPE '\\'
           OR json_extract(event, '$.error') LIKE ?3 ESCAPE '\\' OR json_extract(event, '$.stage') LIKE ?3 ESCAPE '\\' END)
         ORDER BY id DESC LIMIT ?4`,
        run ?? null,
        before ?? null,
        pattern,
        limit,
      )
      .map(readEvent)
  }

  /** The last event of a kind of a run; undefined where it has none. */
  last(run: number, kind: string): LoggedEvent | undefined {
    const row = this.#database.get(
      `SELECT * FROM events WHERE run = ? AND CASE WHEN json_valid(event) THEN json_extract(event, '$.event') = ? END
       ORDER BY id DESC LIMIT 1`,
      run,
      kind,
    )
    return row === undefined ? undefined : readEvent(row)
  }

  /** The id before the first event of a run; without a run, the id of the newest event. 0 where there is none. */
  before(run: number | undefined): number {
    const row =
      run === undefined
        ? this.#database.get('SELECT coalesce(max(id), 0) AS id FROM events')
        : this.#database.get('SELECT coalesce(min(id) - 1, 0) AS id FROM events WHERE run = ?', run)
    return Number(row?.id)
  }
}

function readEvent(row: Row): LoggedEvent {
  return { id: Number(row.id), run: Number(row.run), time: Number(row.time), event: readLine(String(row.event)) }
}

/** One damaged line must not hide the others: readers pass over an event of a kind that they do not know. */
function readLine(text: string): unknown {
  try {
    return JSON.parse(text) ?? DAMAGED
  } catch {
    return DAMAGED
  }
}

const DAMAGED = { event: 'damaged' }
