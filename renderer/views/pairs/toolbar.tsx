/** The actions on a round of pairs: review progress, undo and redo, score, export, import, train. */
import { ActionIcon, Button, Group, Progress, Tooltip } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Gauge, Play, Redo2, Undo2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { lab, useConnection } from '../../api.ts'
import { useJob } from '../../job.ts'
import type { Answers, Round } from '../../lab.ts'
import { useWriteLock } from '../../parts/write-lock.ts'
import { tell, tellError } from '../../shell/notices.tsx'
import { trainAgain } from '../../start.ts'
import { WINDOW_ID } from '../../state/window-id.ts'
import { Files } from './files.tsx'
import { useOwnJudgements } from './own-judgements.ts'
import type { PairActions } from './pair-actions.ts'
import classes from './pairs.module.css'

interface Props {
  readonly round: Round
  /** Who judges; null for the reviewer. */
  readonly annotator: string | null
  /** The pair that is being edited. */
  readonly editing: number | null
  readonly revert: PairActions['revert']
  /** Called when every pair has its margin under the policy. */
  readonly onScored: () => void
}

export function Toolbar({ round, annotator, editing, revert, onScored }: Props) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const { lost } = useConnection()
  const running = useJob()?.current == null ? null : t('pairs.busy')
  const busy = lost ? t('app.lost') : running
  const { data: review } = useQuery({
    queryKey: ['pairs', 'review', round],
    queryFn: () => lab.pairs.review.query({ ...round, author: WINDOW_ID }),
  })
  const own = useOwnJudgements(round, annotator)
  const can = annotator === null ? { undo: review?.undo != null, redo: review?.redo != null } : own
  const hindrance = busy ?? (editing === null ? null : t('pairs.stillEditing', { id: editing }))
  return (
    <Group gap="sm">
      {review !== undefined && <ReviewProgress count={review.count} />}
      <RevertButton which="undo" enabled={can.undo} onPress={() => void revert('undo')} />
      <RevertButton which="redo" enabled={can.redo} onPress={() => void revert('redo')} />
      <ScoreButton round={round} busy={busy} onScored={onScored} />
      <Files round={round} />
      <Button
        size="xs"
        leftSection={<Play size={14} aria-hidden />}
        title={hindrance ?? t('pairs.trainNote')}
        disabled={hindrance !== null}
        onClick={() => void trainAgain(round)}
        {...lock}
      >
        {t('pairs.train')}
      </Button>
    </Group>
  )
}

function ReviewProgress({ count: { reviewed, pairs } }: Pick<Answers['pairs']['review'], 'count'>) {
  const { t } = useTranslation()
  return (
    <div className={classes.counter}>
      <Progress
        flex={1}
        color="var(--chosen)"
        value={(100 * reviewed) / Math.max(1, pairs)}
        aria-label={t('pairs.reviewProgress')}
      />
      {t('pairs.reviewed', { reviewed, count: pairs })}
    </div>
  )
}

interface RevertButtonProps {
  readonly which: 'undo' | 'redo'
  readonly enabled: boolean
  readonly onPress: () => void
}

function RevertButton({ which, enabled, onPress }: RevertButtonProps) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const Icon = which === 'undo' ? Undo2 : Redo2
  return (
    <Tooltip label={t(`pairs.${which}`)}>
      <ActionIcon
        variant="default"
        size={30}
        aria-label={t(`pairs.${which}`)}
        disabled={!enabled}
        onClick={onPress}
        {...lock}
      >
        <Icon size={16} aria-hidden />
      </ActionIcon>
    </Tooltip>
  )
}

interface ScoreButtonProps {
  readonly round: Round
  /** Why the policy cannot be used now; null where it can. */
  readonly busy: string | null
  readonly onScored: () => void
}

/** A button that computes the margin of every pair under the policy. */
function ScoreButton({ round, busy, onScored }: ScoreButtonProps) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const client = useQueryClient()
  const score = useMutation({
    mutationFn: () => lab.pairs.score.mutate(round),
    onSuccess: ({ pairs }) => {
      tell(t('pairs.scored', { count: pairs }))
      onScored()
    },
    onError: tellError,
    onSettled: () => client.invalidateQueries({ queryKey: ['pairs', 'list'] }),
  })
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<Gauge size={14} aria-hidden />}
      title={busy ?? t('pairs.scoreNote')}
      disabled={busy !== null}
      loading={score.isPending}
      onClick={() => score.mutate()}
      {...lock}
    >
      {t('pairs.score')}
    </Button>
  )
}
