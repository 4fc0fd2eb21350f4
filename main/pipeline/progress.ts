/** Rate and time to go, from how much is done. */

export interface Progress {
  readonly done: number
  readonly total: number
  readonly unit: string
  /** Units a second; 0 until the first is done. */
  readonly rate: number
  /** Seconds still to go at that rate; null until the first is done. */
  readonly eta: number | null
}

/** How far back the rate looks, in milliseconds: a pause is forgotten after that. */
const WINDOW = 20_000

/**
 * Measures one piece of work from the first call on, by what was done of late; another unit or total, or less done than
 * before, is another piece. What is already done at the first call (after a resume) does not count towards the rate.
 * `now` is in milliseconds.
 */
export function progressMeter(now = () => performance.now()): (done: number, total: number, unit: string) => Progress {
  let piece = { unit: '', total: 0 }
  /** The oldest is what the rate is counted from. */
  let marks: { readonly time: number; readonly done: number }[] = []
  return (done, total, unit) => {
    const time = now()
    if (piece.unit !== unit || piece.total !== total || done < (marks.at(-1)?.done ?? 0)) marks = []
    piece = { unit, total }
    while (marks.length > 1 && time - marks[1]!.time >= WINDOW) marks.shift()
    // A mark in a hundredth of the window is enough to count from.
    if (marks.length < 2 || time - marks.at(-1)!.time >= WINDOW / 100) marks.push({ time, done })
    const from = marks[0]!
    const rate = time > from.time ? (done - from.done) / ((time - from.time) / 1000) : 0
    return { done, total, unit, rate, eta: rate > 0 ? (total - done) / rate : null }
  }
}
