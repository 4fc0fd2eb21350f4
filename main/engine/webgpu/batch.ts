/** Lays some trees of a forest out for the kernels: rows, who sees whom, and the rows that predict targets. */
import type { Forest } from '../engine.ts'
import type { Outline } from '../forest.ts'

type Words = Uint32Array<ArrayBuffer>

export interface Batch {
  readonly rows: number
  readonly tokens: Words
  /** Rotary position of each row. */
  readonly positions: Int32Array
  /** Place of each row in the whole forest. */
  readonly forestRows: Int32Array
  /** Tiles of queries and the spans of keys that they see, and the reverse (see `plan`). */
  readonly queries: Plan
  readonly keys: Plan
  readonly targets: {
    readonly count: number
    /** For each target its token, the row that predicts it, and its place in the forest's Scores. */
    readonly tokens: Words
    readonly predictors: Words
    readonly places: Int32Array
    /** The targets that each row predicts: `users` from starts[row] to starts[row + 1]. */
    readonly starts: Words
    readonly users: Words
  }
}

/**
 * Entries of four words. A tile is [first row, end, entry of its first span, number of spans], a span [first row, end, 0, 0].
 * A tile's rows are of one segment.
 */
export interface Plan {
  readonly entries: Words
  readonly tiles: number
}

interface Span {
  readonly first: number
  readonly end: number
}

/** Rows that are computed together by default. */
export const MOST_ROWS = 2048

/** Lays out the trees that have targets, as many together as `rows` allows, in tiles of so many rows. */
export function batchesOf(forest: Forest, outlined: Outline, rows: number, tile: number): Batch[] {
  const groups: { segments: number[]; rows: number }[] = []
  for (const segments of outlined.trees.filter((tree) => tree.some((s) => outlined.counts[s]! > 0))) {
    const own = segments.reduce((sum, s) => sum + forest[s]!.tokens.length, 0)
    const last = groups.at(-1)
    if (last !== undefined && last.rows + own <= rows) {
      last.segments.push(...segments)
      last.rows += own
    } else groups.push({ segments: [...segments], rows: own })
  }
  return groups.map(({ segments }) => batchOf(forest, outlined, segments, tile))
}

/** Lays out the trees with these segments, in tiles of so many rows. */
export function batchOf(
  forest: Forest,
  { starts, firstRows }: Outline,
  segments: readonly number[],
  tile: number,
): Batch {
  const spans = new Map<number, Span>()
  let rows = 0
  for (const s of segments) {
    const { length } = forest[s]!.tokens
    spans.set(s, { first: rows, end: rows + length })
    rows += length
  }
  const tokens = new Uint32Array(rows)
  const positions = new Int32Array(rows)
  const forestRows = new Int32Array(rows)
  const paths = new Map<number, readonly number[]>()
  const descendants = new Map<number, number[]>(segments.map((s) => [s, [s]]))
  const depths = new Map<number, number>([[-1, 0]])
  const found: { token: number; row: number; place: number }[] = []
  for (const s of segments) {
    const { parent, tokens: own, targetStart } = forest[s]!
    const { first } = spans.get(s)!
    const ancestors = paths.get(parent) ?? []
    for (const above of ancestors) descendants.get(above)!.push(s)
    paths.set(s, [...ancestors, s])
    const depth = depths.get(parent)!
    depths.set(s, depth + own.length)
    own.forEach((token, index) => {
      const row = first + index
      tokens[row] = token
      positions[row] = depth + index
      forestRows[row] = firstRows[s]! + index
      if (index < targetStart) return
      const predictor = index > 0 ? row - 1 : spans.get(parent)!.end - 1
      found.push({ token, row: predictor, place: starts[s]! + index - targetStart })
    })
  }
  const spansOf = (members: readonly number[]) => members.map((s) => spans.get(s)!)
  return {
    rows,
    tokens,
    positions,
    forestRows,
    queries: plan(segments, spans, (s) => spansOf(paths.get(s)!), tile),
    keys: plan(segments, spans, (s) => spansOf(descendants.get(s)!), tile),
    targets: {
      count: found.length,
      tokens: Uint32Array.from(found, ({ token }) => token),
      predictors: Uint32Array.from(found, ({ row }) => row),
      places: Int32Array.from(found, ({ place }) => place),
      ...usersOf(
        found.map(({ row }) => row),
        rows,
      ),
    },
  }
}

function plan(
  segments: readonly number[],
  spans: ReadonlyMap<number, Span>,
  met: (segment: number) => readonly Span[],
  tile: number,
): Plan {
  const tiles = segments.flatMap((s) => {
    const { first, end } = spans.get(s)!
    return Array.from({ length: Math.ceil((end - first) / tile) }, (_, index) => ({
      s,
      first: first + index * tile,
      end: Math.min(end, first + (index + 1) * tile),
    }))
  })
  const places = new Map<number, readonly [entry: number, count: number]>()
  const entries: number[][] = []
  for (const s of segments) {
    const all = met(s)
    places.set(s, [tiles.length + entries.length, all.length])
    for (const { first, end } of all) entries.push([first, end, 0, 0])
  }
  const all = [...tiles.map(({ s, first, end }) => [first, end, ...places.get(s)!]), ...entries]
  return { entries: Uint32Array.from(all.flat()), tiles: tiles.length }
}

/** The users of each row, in order. */
function usersOf(rowOf: readonly number[], rows: number): { starts: Words; users: Words } {
  const starts = new Uint32Array(rows + 1)
  for (const row of rowOf) starts[row + 1]!++
  for (let row = 0; row < rows; row++) starts[row + 1]! += starts[row]!
  const next = starts.slice()
  const users = new Uint32Array(rowOf.length)
  rowOf.forEach((row, user) => {
    users[next[row]!++] = user
  })
  return { starts, users }
}
