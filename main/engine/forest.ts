/** A forest of segments laid out tree by tree, each a sequence of rows. */
import type { Forest } from './engine.ts'

/** One tree: rows that attend to each other. */
export interface Tree {
  readonly tokens: Int32Array
  /** Place of each row in the whole forest, where the segments' tokens stand one after the other. */
  readonly forestRows: Int32Array
  /** Rotary position of each row: one more than that of the row before it on its path from the root. */
  readonly positions: Int32Array
  /** [rows, rows], 1 where the row (first index) sees the other: itself and everything before it on its path. */
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

/** Lays a forest out. Throws where a segment's parent, target start or tokens are not possible. */
export function layOut(forest: Forest, vocabSize: number): LaidOutForest {
  const starts = new Int32Array(forest.length)
  const counts = new Int32Array(forest.length)
  const members = new Map<number, number[]>()
  const firstRows: number[] = []
  const rootOf: number[] = []
  let rowCount = 0
  let targetCount = 0
  forest.forEach(({ tokens, parent, targetStart }, s) => {
    if (!Number.isInteger(parent) || parent < -1 || parent >= s) {
      throw new RangeError(`Segment ${s} has parent ${parent}; it must be -1 or a segment before it.`)
    }
    if (!Number.isInteger(targetStart) || targetStart < 0 || targetStart > tokens.length) {
      throw new RangeError(`Segment ${s} of ${tokens.length} tokens has targetStart ${targetStart}.`)
    }
    const stranger = tokens.find((token) => token < 0 || token >= vocabSize)
    if (stranger !== undefined) {
      throw new RangeError(`Segment ${s} holds token ${stranger}; the vocabulary has ${vocabSize}.`)
    }
    firstRows.push(rowCount)
    rowCount += tokens.length
    starts[s] = targetCount
    counts[s] = tokens.length - targetStart
    targetCount += counts[s]!
    const root = parent === -1 ? s : rootOf[parent]!
    rootOf.push(root)
    members.set(root, [...(members.get(root) ?? []), s])
  })

  const trees = [...members.values()].map((segments) => layOutTree(forest, segments, firstRows, starts))
  return { trees, starts, counts, targetCount }
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
        const predictor = path.at(-1)
        if (predictor === undefined) throw new RangeError(`Segment ${s}: nothing stands before its first target.`)
        predictors.push(predictor)
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
