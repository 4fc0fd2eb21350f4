/** All runs with their outcomes. Two can be compared; a run can be deleted and brought back. */
import { Button } from '@mantine/core'
import { FolderTree } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useRuns } from '../../lab.ts'
import { goTo } from '../../location.ts'
import { Empty } from '../../parts/empty.tsx'
import { Loading } from '../../parts/loading.tsx'
import { Failure } from '../../shell/failure.tsx'
import { Deleted } from './deleted.tsx'
import { marksAfter } from './marked.ts'
import { RunTable } from './run-table.tsx'
import { Differences, RunSettings } from './settings.tsx'

export function RunHistory() {
  const { t } = useTranslation()
  const runs = useRuns()
  const [marked, setMarked] = useState<readonly number[]>([])
  if (runs.error !== null) return <Failure error={runs.error} retry={() => void runs.refetch()} />
  if (runs.data === undefined) return <Loading />
  if (runs.data.length === 0) {
    return (
      <>
        <Empty icon={FolderTree} title={t('runs.none')} text={t('runs.noneText')}>
          <Button onClick={() => goTo('pipeline')}>{t('live.toPipeline')}</Button>
        </Empty>
        <Deleted />
      </>
    )
  }
  const known = marked.filter((id) => runs.data.some((run) => run.id === id))
  // The older run stands on the left, so that changes read from left to right.
  const [a, b] = [...known].sort((one, other) => one - other)
  return (
    <>
      <RunTable runs={runs.data} marked={known} onMark={(id, on) => setMarked(marksAfter(known, id, on))} />
      {a !== undefined && b !== undefined && <Differences a={a} b={b} />}
      {a !== undefined && b === undefined && <RunSettings run={a} />}
      <Deleted />
    </>
  )
}
