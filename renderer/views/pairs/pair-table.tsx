/** The table of a round's pairs. */
import { GitFork } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Empty } from '../../parts/empty.tsx'
import { LongTable } from '../../parts/table/long-table.tsx'
import type { Verdicts } from './judging.ts'
import { usePairColumns } from './pair-columns.tsx'
import type { PairList } from './pair-list.ts'

interface Props {
  readonly list: PairList
  readonly marked: ReadonlySet<number>
  readonly onMark: (pair: number, on: boolean) => void
  readonly verdicts: Verdicts | null
}

export function PairTable({ list: { rows, at, go, order, sortBy, toFirst }, marked, onMark, verdicts }: Props) {
  const { t } = useTranslation()
  const columns = usePairColumns({ marked, onMark, verdicts })
  if (rows.known && rows.total === 0) {
    return <Empty icon={GitFork} title={t('pairs.noMatch')} text={t('pairs.noMatchText')} />
  }
  return (
    <LongTable
      name={t('views.pairs')}
      columns={columns}
      total={rows.total}
      rowAt={rows.rowAt}
      onRange={rows.onRange}
      chosen={at}
      onChoose={go}
      order={order}
      onOrder={(by) => {
        sortBy(by)
        toFirst()
      }}
      faint={({ keep }) => verdicts === null && !keep}
    />
  )
}
