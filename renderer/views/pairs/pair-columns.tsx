/** The columns of the table of pairs. */
import { Checkbox } from '@mantine/core'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { decimal } from '../../parts/figures.ts'
import type { Column } from '../../parts/table/column.ts'
import { firstDifference } from './first-difference.ts'
import type { Verdicts } from './judging.ts'
import { Marks } from './marks.tsx'
import type { PairBrief } from './pair-query.ts'
import { isPlayed } from './played.ts'
import { taskName } from './task-name.ts'

interface Shown {
  readonly marked: ReadonlySet<number>
  readonly onMark: (pair: number, on: boolean) => void
  /** What the annotator thinks, in the place of the reviewer's marks; null for the reviewer. */
  readonly verdicts: Verdicts | null
}

export function usePairColumns({ marked, onMark, verdicts }: Shown): readonly Column<PairBrief>[] {
  const { t } = useTranslation()
  return useMemo(
    () => [
      {
        id: 'mark',
        label: t('runs.mark'),
        hidden: true,
        width: '18px',
        sticky: true,
        cell: ({ id }) => (
          <Checkbox
            size="xs"
            checked={marked.has(id)}
            // A mark does not open the pair.
            onClick={(event) => event.stopPropagation()}
            onChange={(event) => onMark(id, event.currentTarget.checked)}
            aria-label={t('pairs.bulk.mark', { id })}
          />
        ),
      },
      { id: 'id', label: '#', width: '44px', sticky: true, number: true, sortable: true, cell: ({ id }) => id },
      {
        id: 'state',
        label: t('pairs.state'),
        width: '64px',
        sticky: true,
        cell: (pair) => <Marks pair={pair} verdicts={verdicts} />,
      },
      {
        id: 'difference',
        label: t('pairs.difference'),
        width: 'minmax(120px, 1.3fr)',
        cell: ({ chosen, rejected }) => <FirstDifference chosen={chosen} rejected={rejected} />,
      },
      {
        id: 'margin',
        label: t('pairs.margin'),
        width: '118px',
        number: true,
        sortable: true,
        cell: ({ margin }) => (margin === null ? '–' : decimal(margin)),
      },
      {
        id: 'policyMargin',
        label: t('pairs.policyMargin'),
        width: '98px',
        number: true,
        sortable: true,
        cell: ({ policyMargin }) => (policyMargin === null ? '–' : decimal(policyMargin)),
      },
      {
        id: 'task',
        label: t('pairs.task'),
        width: 'minmax(92px, 1fr)',
        sortable: true,
        cell: ({ task }) => taskName(t, task),
      },
      {
        id: 'seed',
        label: t('pairs.seed'),
        width: '68px',
        number: true,
        sortable: true,
        cell: (pair) => (isPlayed(pair) ? pair.seed : '–'),
      },
      {
        id: 'step',
        label: t('pairs.step'),
        width: '46px',
        number: true,
        sortable: true,
        cell: (pair) => (isPlayed(pair) ? pair.step + 1 : '–'),
      },
      {
        id: 'chosen',
        label: t('pairs.lengths'),
        width: '74px',
        number: true,
        sortable: true,
        cell: ({ chosen, rejected }) => `${chosen.length} / ${rejected.length}`,
      },
    ],
    [t, marked, onMark, verdicts],
  )
}

/** "click meno button 2 ≻ click vomi button 1". */
function FirstDifference({ chosen, rejected }: Pick<PairBrief, 'chosen' | 'rejected'>) {
  const { t } = useTranslation()
  const difference = firstDifference(chosen, rejected)
  return (
    <>
      {difference.before !== '' && <span className="soft">{difference.before} </span>}
      <span className="chosen">{difference.chosen}</span>
      <span className="soft" aria-hidden="true">
        {' ≻ '}
      </span>
      <span className="hidden-words"> {t('pairs.over')} </span>
      <span className="rejected">{difference.rejected}</span>
    </>
  )
}
