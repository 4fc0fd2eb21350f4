/**
 * A clock that runs only while this process runs. It stands still with a machine that sleeps, with a process that is
 * stopped, and in one long piece of work that keeps the process from hearing. Otherwise all pages would be late at the
 * end of such a gap, though nobody has heard them yet.
 */

/** Milliseconds between two ticks. */
const TICK = 100
/** Most time that counts between two ticks. A longer one is a gap. */
const LONGEST = 2 * TICK

let ticked: number | undefined
let ran = 0

function sinceTick(): number {
  const now = performance.now()
  if (ticked === undefined) {
    ticked = now
    setInterval(tick, TICK).unref()
  }
  return Math.min(now - ticked, LONGEST)
}

function tick(): void {
  ran += sinceTick()
  ticked = performance.now()
}

/** Milliseconds for which this process has run, counted from the first call. */
export function runningTime(): number {
  return ran + sinceTick()
}
