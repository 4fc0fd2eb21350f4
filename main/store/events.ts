/** The log: the events of runs, so that later readers see what viewers saw. */
import type { Database, Row } from './database.ts'
import { allOf, containing, type Part } from './page.ts'

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
    const { conditions, values } = allOf([['id > ?', id], ...ofRun(run)])
    return this.#database
      .all(`SELECT * FROM events WHERE ${conditions} ORDER BY id LIMIT ?`, ...values, limit)
      .map(readEvent)
  }

  /** The newest matching events, the newest first. */
  page({ run, search, before, limit }: LogQuery): LoggedEvent[] {
    const parts: Part[] = ofRun(run)
    if (before !== undefined) parts.push(['id < ?', before])
    if (search !== undefined && search !== '') {
      const texts = ['text', 'error', 'stage'].map((key) => `json_extract(event, '$.${key}') LIKE ? ESCAPE '\\'`)
      const pattern = containing(search)
      // Most lines are passed over without being parsed, where JSON writes the text as it is.
      if (JSON.stringify(search) === `"${search}"`) parts.push([`event LIKE ? ESCAPE '\\'`, pattern])
      parts.push([`CASE WHEN json_valid(event) THEN ${texts.join(' OR ')} END`, ...texts.map(() => pattern)])
    }
    const { conditions, values } = allOf(parts)
    return this.#database
      .all(`SELECT * FROM events WHERE ${conditions} ORDER BY id DESC LIMIT ?`, ...values, limit)
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

/** A condition only where there is a run: SQLite chooses its index by the text of the condition, and so finds the lines of a run. */
function ofRun(run: number | undefined): Part[] {
  return run === undefined ? [] : [['run = ?', run]]
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
