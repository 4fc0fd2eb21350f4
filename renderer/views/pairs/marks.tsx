/** Marks for what a reviewer did to a pair. */
import { NotebookPen, Pencil, Repeat2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Verdicts } from './judging.ts'
import type { PairBrief } from './pair-query.ts'
import classes from './pairs.module.css'

const WORDS = { keep: 'pairs.kept', drop: 'pairs.dropped', swap: 'pairs.swapped' } as const

interface Props {
  readonly pair: Pick<PairBrief, 'id' | 'keep' | 'reviewed' | 'swapped' | 'edited' | 'note'>
  /** What an annotator thinks. Who judges for a second opinion must not see the first; null for the reviewer. */
  readonly verdicts: Verdicts | null
}

export function Marks({ pair, verdicts }: Props) {
  const { t } = useTranslation()
  if (verdicts !== null) {
    const verdict = verdicts[pair.id]
    return <span className="soft">{t(verdict === undefined ? 'pairs.unseen' : WORDS[verdict])}</span>
  }
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
