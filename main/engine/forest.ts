/** Lays out a forest of segments tree by tree; each tree is a sequence of rows. */
import { UserError } from '../messages/error.ts'
import type { Forest, ModelConfig, Segment } from './engine.ts'

/** One tree: rows that attend to each other. */
export interface Tree {
  readonly tokens: Int32Array
  /** Place of each row in the whole forest, counted through the tokens of all segments in order. */
  readonly forestRows: Int32Array
  /** Rotary position of each row: one more than that of the previous row on its path from the root. */
  readonly positions: Int32Array
  /** [rows, rows], 1 if the row (first index) sees the other: itself and everything before it on its path. */
  readonly sees: Uint8Array
  /** For each target, the row (within the tree) that predicts it, and its token. */
  readonly predictors: Int32Array
  readonly targets: Int32Array
  /** For each target, its place in the forest's Scores. */
  readonly places: Int32Array
}

export interface LaidOutForest {
  readonly trees: readonly Tree[]
  /** As in Scores. */
  readonly starts: Int32Array
  readonly counts: Int32Array
  readonly targetCount: number
}

/** Throws UserError if a sequence, from a root to the end of a segment, has more tokens than the model has positions. */
export function checkLengths(forest: Forest, { max_position_embeddings: limit }: PositionLimit): void {
  const ends: number[] = []
  for (const { tokens, parent } of forest) {
    const end = (ends[parent] ?? 0) + tokens.length
    if (end > limit) throw new UserError('sequenceTooLong', { tokens: end, limit })
    ends.push(end)
  }
}

type PositionLimit = Pick<ModelConfig, 'max_position_embeddings'>

/** What of a forest does not depend on an engine. */
export interface Outline {
  /** As in Scores. */
  readonly starts: Int32Array
  readonly counts: Int32Array
  readonly targetCount: number
  /** For each segment, the place of its first row in the forest, counted through the tokens of all segments in order. */
  readonly firstRows: readonly number[]
  /** The segments of each tree, in order. */
  readonly trees: readonly (readonly number[])[]
}

/** Throws RangeError if a segment is impossible for the model, and UserError as `checkLengths` does. */
export function outline(forest: Forest, config: Pick<ModelConfig, 'vocab_size' | 'max_position_embeddings'>): Outline {
  if (forest.length === 0) throw new RangeError('The batch has no segments.')
  checkLengths(forest, config)
  const starts = new Int32Array(forest.length)
  const counts = new Int32Array(forest.length)
  const members = new Map<number, number[]>()
  const firstRows: number[] = []
  const rootOf: number[] = []
  let rowCount = 0
  let targetCount = 0
  forest.forEach((segment, s) => {
    const { tokens, parent, targetStart } = segment
    const wrong = objection(segment, s, config)
    if (wrong !== null) throw new RangeError(`Segment ${s} ${wrong}.`)
    firstRows.push(rowCount)
    rowCount += tokens.length
    starts[s] = targetCount
    counts[s] = tokens.length - targetStart
    targetCount += counts[s]!
    const root = parent === -1 ? s : rootOf[parent]!
    rootOf.push(root)
    const tree = members.get(root)
    if (tree === undefined) members.set(root, [s])
    else tree.push(s)
  })
  return { starts, counts, targetCount, firstRows, trees: [...members.values()] }
}

/** Lays a forest out. Throws as `outline` does. */
export function layOut(
  forest: Forest,
  config: Pick<ModelConfig, 'vocab_size' | 'max_position_embeddings'>,
): LaidOutForest {
  const { starts, counts, targetCount, firstRows, trees } = outline(forest, config)
  return {
    trees: trees.map((segments) => layOutTree(forest, segments, firstRows, starts)),
    starts,
    counts,
    targetCount,
  }
}

/** Why segment `s` is impossible. */
function objection(
  { tokens, parent, targetStart }: Segment,
  s: number,
  { vocab_size }: Pick<ModelConfig, 'vocab_size'>,
): string | null {
  if (tokens.length === 0) return 'has no tokens'
  if (!Number.isInteger(parent) || parent < -1 || parent >= s) {
    return `names segment ${parent} as its parent; a parent comes before its children`
  }
  if (!Number.isInteger(targetStart) || targetStart < 0 || targetStart > tokens.length) {
    return `has targetStart ${targetStart}, outside its ${tokens.length} tokens`
  }
  if (targetStart === 0 && parent === -1) return 'is a root whose first token is a target; nothing predicts it'
  const stranger = tokens.find((token) => token < 0 || token >= vocab_size)
  return stranger === undefined ? null : `holds token id ${stranger}, outside the vocabulary of ${vocab_size}`
}

function layOutTree(
  forest: Forest,
  segments: readonly number[],
  firstRows: readonly number[],
  starts: Int32Array,
): Tree {
  const rows = segments.reduce((sum, s) => sum + forest[s]!.tokens.length, 0)
  const tokens = new Int32Array(rows)
  const forestRows = new Int32Array(rows)
  const positions = new Int32Array(rows)
  const sees = new Uint8Array(rows * rows)
  const predictors: number[] = []
  const targets: number[] = []
  const places: number[] = []
  /** For each segment, the rows of its path from the root to its last token. */
  const paths = new Map<number, readonly number[]>()

  let row = 0
  for (const s of segments) {
    const segment = forest[s]!
    const path = [...(paths.get(segment.parent) ?? [])]
    segment.tokens.forEach((token, index) => {
      if (index >= segment.targetStart) {
        predictors.push(path.at(-1)!)
        targets.push(token)
        places.push(starts[s]! + index - segment.targetStart)
      }
      tokens[row] = token
      forestRows[row] = firstRows[s]! + index
      positions[row] = path.length
      path.push(row)
      for (const seen of path) sees[row * rows + seen] = 1
      row++
    })
    paths.set(s, path)
  }
  return {
    tokens,
    forestRows,
    positions,
    sees,
    predictors: Int32Array.from(predictors),
    targets: Int32Array.from(targets),
    places: Int32Array.from(places),
  }
}
