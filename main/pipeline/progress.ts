/** Computes rate and time left from progress. */

export interface Progress {
  readonly done: number
  readonly total: number
  readonly unit: string
  /** Units per second; 0 until the first is done. */
  readonly rate: number
  /** Seconds left at that rate; null until the first is done. */
  readonly eta: number | null
}

/** Milliseconds over which the rate is measured. An earlier pause does not count. */
const WINDOW = 20_000

/**
 * Measures one piece of work from the first call on, over the latest part of it. Another unit, another total, or less
 * progress than before starts another piece. Progress before the first call (after a resume) does not count towards the
 * rate. `now` is in milliseconds.
 */
export function progressMeter(now = () => performance.now()): (done: number, total: number, unit: string) => Progress {
  let piece = { unit: '', total: 0 }
  /** The rate is counted from the oldest of these. */
  let marks: { readonly time: number; readonly done: number }[] = []
  return (done, total, unit) => {
    const time = now()
    if (piece.unit !== unit || piece.total !== total || done < (marks.at(-1)?.done ?? 0)) marks = []
    piece = { unit, total }
    while (marks.length > 1 && time - marks[1]!.time >= WINDOW) marks.shift()
    // One mark in each hundredth of the window is precise enough.
    if (marks.length < 2 || time - marks.at(-1)!.time >= WINDOW / 100) marks.push({ time, done })
    const from = marks[0]!
    const rate = time > from.time ? (done - from.done) / ((time - from.time) / 1000) : 0
    return { done, total, unit, rate, eta: rate > 0 ? (total - done) / rate : null }
  }
}
