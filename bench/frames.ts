/** How smooth a page is while something is done to it: the time between its frames, and its longest pieces of work. */
import type { Page } from 'playwright-core'

export interface Frames {
  /** Milliseconds between one frame and the next, in order. */
  readonly deltas: readonly number[]
  /** The longest piece of work, of those over 50 ms; 0 where there was none. */
  readonly longestTask: number
}

interface Recorder {
  deltas: number[]
  longestTask: number
  stop(): void
}
type Recording = typeof globalThis & { recording?: Recorder }

/** Does something to the page and returns the frames from its beginning to a moment after its end. */
export async function framesDuring(page: Page, work: () => Promise<void>): Promise<Frames> {
  await page.evaluate(() => {
    const recorder: Recorder = { deltas: [], longestTask: 0, stop: () => {} }
    let running = true
    let last = performance.now()
    const tick = (now: number) => {
      recorder.deltas.push(now - last)
      last = now
      if (running) requestAnimationFrame(tick)
    }
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) recorder.longestTask = Math.max(recorder.longestTask, duration)
    })
    observer.observe({ type: 'longtask' })
    recorder.stop = () => {
      running = false
      observer.disconnect()
    }
    ;(globalThis as Recording).recording = recorder
    // The first frame after the recording began says only when it began.
    requestAnimationFrame((now) => {
      last = now
      requestAnimationFrame(tick)
    })
  })
  await work()
  await page.waitForTimeout(SETTLING)
  return page.evaluate(() => {
    const { recording } = globalThis as Recording
    recording?.stop()
    return { deltas: recording?.deltas ?? [], longestTask: recording?.longestTask ?? 0 }
  })
}

/** Milliseconds in which the page may still answer to what was done last. */
const SETTLING = 400

/** The value below which a share of the values lie. Throws RangeError where there is none. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('No values have no quantile.')
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}
