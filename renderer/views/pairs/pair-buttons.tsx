/** The actions on a pair as buttons. Each shows its key, and whether its action was done. */
import { Button, Group } from '@mantine/core'
import { Check, Pencil, Repeat2, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useWriteLock } from '../../parts/write-lock.ts'
import type { Verdict } from './judging.ts'
import type { PairActions } from './pair-actions.ts'
import type { PairBrief } from './pair-query.ts'

interface Props {
  readonly pair: Pick<PairBrief, 'keep' | 'reviewed' | 'swapped'>
  readonly editing: boolean
  /** What the annotator thinks of it; undefined where nothing yet, null for the reviewer. */
  readonly verdict: Verdict | undefined | null
  readonly actions: Pick<PairActions, 'judge' | 'swap'>
  /** Starts to edit the pair, or cancels the edit. */
  readonly onEdit: () => void
}

export function PairButtons({ pair, editing, verdict, actions: { judge, swap }, onEdit }: Props) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const isKept = verdict === null ? pair.reviewed && pair.keep : verdict === 'keep'
  const isDropped = verdict === null ? !pair.keep : verdict === 'drop'
  const isSwapped = verdict === null ? pair.swapped : verdict === 'swap'
  return (
    <Group gap="xs">
      <Button
        size="xs"
        variant={isKept ? 'filled' : 'default'}
        aria-pressed={isKept}
        leftSection={<Check size={14} aria-hidden />}
        aria-keyshortcuts="A"
        disabled={editing}
        onClick={() => judge('keep')}
        {...lock}
      >
        {t('pairs.keep')}
      </Button>
      <Button
        size="xs"
        variant={isDropped ? 'filled' : 'default'}
        aria-pressed={isDropped}
        leftSection={<X size={14} aria-hidden />}
        aria-keyshortcuts="D"
        disabled={editing}
        onClick={() => judge('drop')}
        {...lock}
      >
        {t('pairs.drop')}
      </Button>
      <Button
        size="xs"
        variant="default"
        aria-pressed={isSwapped}
        leftSection={<Repeat2 size={14} aria-hidden />}
        aria-keyshortcuts="S"
        disabled={editing}
        onClick={swap}
        {...lock}
      >
        {t('pairs.swap')}
      </Button>
      {verdict === null && (
        <Button
          size="xs"
          variant="default"
          leftSection={<Pencil size={13} aria-hidden />}
          aria-keyshortcuts="E"
          aria-pressed={editing}
          onClick={onEdit}
          {...lock}
        >
          {t('pairs.edit')}
        </Button>
      )}
    </Group>
  )
}
