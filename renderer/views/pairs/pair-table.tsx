/** The columns of the table of pairs. */
import { NotebookPen, Pencil, Repeat2 } from 'lucide-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Answers } from '../../lab.ts'
import { decimal } from '../../parts/figures.ts'
import type { Column } from '../../parts/table/long-table.tsx'
import { firstDifference } from './first-difference.ts'
import classes from './pairs.module.css'
import { taskName } from './task-name.ts'

export type PairBrief = Answers['pairs']['list']['rows'][number]

export function usePairColumns(): readonly Column<PairBrief>[] {
  const { t } = useTranslation()
  return useMemo(
    () => [
      { id: 'id', label: '#', width: '44px', sticky: true, number: true, sortable: true, cell: ({ id }) => id },
      { id: 'state', label: t('pairs.state'), width: '100px', sticky: true, cell: (pair) => <Marks pair={pair} /> },
      {
        id: 'task',
        label: t('pairs.task'),
        width: 'minmax(92px, 1fr)',
        sortable: true,
        cell: ({ task }) => taskName(t, task),
      },
      {
        id: 'difference',
        label: t('pairs.difference'),
        width: 'minmax(136px, 1.8fr)',
        cell: ({ chosen, rejected }) => {
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
        },
      },
      {
        id: 'margin',
        label: t('pairs.margin'),
        width: '58px',
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
    [t],
  )
}

/** Whether a pair comes from attempts, which have a seed and a step at which they part. */
export function isPlayed({ chosenAttempt, rejectedAttempt }: Pick<PairBrief, 'chosenAttempt' | 'rejectedAttempt'>) {
  return chosenAttempt !== null || rejectedAttempt !== null
}

/** What was done to a pair by hand. */
export function Marks({
  pair,
}: {
  readonly pair: Pick<PairBrief, 'keep' | 'reviewed' | 'swapped' | 'edited' | 'note'>
}) {
  const { t } = useTranslation()
  return (
    <span className={classes.marks}>
      {pair.keep ? (
        pair.reviewed ? (
          <span className="chosen">{t('pairs.kept')}</span>
        ) : (
          <span className="soft">{t('pairs.unseen')}</span>
        )
      ) : (
        <span className="rejected">{t('pairs.dropped')}</span>
      )}
      {pair.swapped && <Repeat2 size={14} aria-label={t('pairs.swapped')} />}
      {pair.edited && <Pencil size={13} aria-label={t('pairs.edited')} />}
      {pair.note !== '' && <NotebookPen size={13} aria-label={t('pairs.noted')} />}
    </span>
  )
}
