/** Marks for what a reviewer did to a pair. */
import { NotebookPen, Pencil, Repeat2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { PairBrief } from './pair-query.ts'
import classes from './pairs.module.css'

interface Props {
  readonly pair: Pick<PairBrief, 'keep' | 'reviewed' | 'swapped' | 'edited' | 'note'>
}

export function Marks({ pair }: Props) {
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
