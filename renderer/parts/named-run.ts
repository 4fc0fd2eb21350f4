/** Handles an address that names a run which does not exist. */
import type { UseQueryResult } from '@tanstack/react-query'
import { useEffect, useEffectEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../api.ts'
import { choose, usePlace } from '../location.ts'
import { tell } from '../shell/notices.tsx'

/**
 * Removes the run from the address and tells the reader, so that the figures of another run do not stand under its
 * address. It asks the lab once more first, because the run may have begun a moment ago.
 */
export function useNamedRun<T>(runs: UseQueryResult<readonly T[]>, idOf: (run: T) => number): void {
  const { t } = useTranslation()
  const { query } = usePlace()
  const has = (all: readonly T[], wanted: string) => all.some((run) => String(idOf(run)) === wanted)
  const unknown = query.run !== undefined && runs.data !== undefined && !has(runs.data, query.run) ? query.run : null
  const correct = useEffectEvent(async (run: string, left: () => boolean) => {
    const [{ data }, all] = await Promise.all([runs.refetch(), lab.runs.list.query()])
    if (left() || data === undefined || has(data, run)) return
    choose({ run: undefined })
    tell(t(all.some(({ id }) => String(id) === run) ? 'run.notHere' : 'run.gone', { run }))
  })
  useEffect(() => {
    if (unknown === null) return
    let gone = false
    // Without an answer the address stays: the view says that the lab is not reachable.
    void correct(unknown, () => gone).catch(() => {})
    return () => {
      gone = true
    }
  }, [unknown])
}
