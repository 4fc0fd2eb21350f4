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

/**
 * Measures one piece of work from the first call on; another unit or total, or less done than before, is another piece.
 * What is already done at the first call (after a resume) does not count towards the rate. `now` is in milliseconds.
 */
export function progressMeter(now = () => performance.now()): (done: number, total: number, unit: string) => Progress {
  let piece: { unit: string; total: number; start: number; first: number } | undefined
  let last = 0
  return (done, total, unit) => {
    if (piece === undefined || piece.unit !== unit || piece.total !== total || done < last) {
      piece = { unit, total, start: now(), first: done }
    }
    last = done
    const seconds = (now() - piece.start) / 1000
    const rate = seconds > 0 ? (done - piece.first) / seconds : 0
    return { done, total, unit, rate, eta: rate > 0 ? (total - done) / rate : null }
  }
}
