/** The log of a run so far, and its new lines as they come. */
import { useState } from 'react'
import { lab, useStream } from '../../api.ts'
import type { LogLine } from './log-lines.ts'

/**
 * Milliseconds for which new lines are gathered. Many come at once after a reload, and drawing each by itself would be
 * slow.
 */
const GATHERED = 60

/** The lines of a run, in order; an empty list where there is no run. */
export function useRunLog(run: number | null): readonly LogLine[] {
  const [lines, setLines] = useState<readonly LogLine[]>([])
  useStream(() => {
    setLines([])
    if (run === null) return null
    let waiting: LogLine[] = []
    let timer: ReturnType<typeof setTimeout> | undefined
    const flush = () => {
      timer = undefined
      const more = waiting
      waiting = []
      setLines((before) => [...before, ...more])
    }
    const subscription = lab.job.events.subscribe(
      { run, lastEventId: 0 },
      {
        onData({ data }) {
          waiting.push(data)
          timer ??= setTimeout(flush, GATHERED)
        },
      },
    )
    return {
      unsubscribe() {
        clearTimeout(timer)
        subscription.unsubscribe()
      },
    }
  }, [run])
  return lines
}
