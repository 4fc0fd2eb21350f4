/** Measures how smooth a page is during some action: the time between its frames, and its longest task. */
import type { Page } from 'playwright-core'

export interface Frames {
  /** Milliseconds between one frame and the next, in order. */
  readonly deltas: readonly number[]
  /** The longest task over 50 ms; 0 if there was none. */
  readonly longestTask: number
}

interface Recorder {
  deltas: number[]
  longestTask: number
  stop(): void
}
type Recording = typeof globalThis & { recording?: Recorder }

/** Runs an action on the page and returns the frames from its start to a moment after its end. */
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
    // The first frame only marks the start of the recording.
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

/** Milliseconds in which the page can still react to the last action. */
const SETTLING = 400

/** The quantile: the value below which a share of the values lies. Throws RangeError if there are no values. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('No values have no quantile.')
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}
