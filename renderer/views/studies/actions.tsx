/** What can be done with the queue, a study and its trainings. */
import { ActionIcon, Button, Menu } from '@mantine/core'
import { ArrowDown, ArrowUp, Ellipsis, Pause, Play } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { lab, useConnection } from '../../api.ts'

import { useJob } from '../../job.ts'
import type { StudyBrief } from '../../lab.ts'
import { goTo } from '../../location.ts'
import { useWriteLock } from '../../parts/write-lock.ts'
import { queries } from '../../queries.ts'
import { tell, tellError } from '../../shell/notices.tsx'
import { ask } from '../../shell/question.tsx'

/** Changes something about studies, and fetches them again. */
export async function change(changed: Promise<unknown>): Promise<void> {
  try {
    await changed
    await queries.invalidateQueries({ queryKey: ['studies'] })
  } catch (error) {
    tellError(error)
  }
}

/** Starts to work off the queue. Where a run is at work it says why it cannot; while the queue is at work it is not shown. */
export function StartQueue({ studies }: { readonly studies: readonly StudyBrief[] }) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const { lost } = useConnection()
  const current = useJob()?.current ?? null
  if (current?.study != null || !studies.some(({ standing }) => standing === 'waiting')) return null
  return (
    <Button
      leftSection={<Play size={15} aria-hidden />}
      title={t('studies.startNote')}
      disabled={lost}
      onClick={() => (current === null ? void change(lab.studies.work.mutate()) : tell(t('studies.busy')))}
      {...lock}
    >
      {t('studies.start')}
    </Button>
  )
}

type Named = Pick<StudyBrief, 'id' | 'name' | 'standing'>

/** Pauses a study, or puts it back into the queue; nothing for one that is done. */
export function PauseStudy({
  study: { id, standing },
  compact = false,
}: {
  readonly study: Named
  readonly compact?: boolean
}) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  if (standing === 'done') return null
  const paused = standing === 'paused'
  return (
    <Button
      size={compact ? 'compact-xs' : 'sm'}
      variant="default"
      leftSection={paused ? undefined : <Pause size={14} aria-hidden />}
      onClick={() => void change(lab.studies.setState.mutate({ study: id, state: paused ? 'open' : 'paused' }))}
      {...lock}
    >
      {t(paused ? 'studies.resume' : 'studies.pause')}
    </Button>
  )
}

export function StudyMenu({ study }: { readonly study: Named & Pick<StudyBrief, 'left' | 'cancelled'> }) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const { id, name, left, cancelled } = study
  const remove = async () => {
    const answer = await ask({
      title: (say) => say('studies.deleteTitle', { name }),
      text: (say) => say('studies.deleteText'),
      offers: [{ answer: 'delete', label: (say) => say('studies.delete'), loses: true }],
    })
    if (answer !== 'delete') return
    goTo('studies')
    await change(lab.studies.delete.mutate({ study: id }))
  }
  return (
    <Menu position="bottom-end" shadow="md" returnFocus>
      <Menu.Target>
        <ActionIcon variant="subtle" aria-label={t('studies.more', { name })}>
          <Ellipsis size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {left > 0 && (
          <Menu.Item onClick={() => void change(lab.studies.cancel.mutate({ study: id }))} {...lock}>
            {t('studies.cancelLeft')}
          </Menu.Item>
        )}
        {cancelled > 0 && (
          <Menu.Item onClick={() => void change(lab.studies.restore.mutate({ study: id }))} {...lock}>
            {t('studies.restoreAll')}
          </Menu.Item>
        )}
        <Menu.Item onClick={() => void remove()} {...lock}>
          {t('studies.delete')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

interface MoveProps {
  readonly name: string
  readonly isFirst: boolean
  readonly isLast: boolean
  readonly onMove: (by: -1 | 1) => void
}

/** Two buttons that move an entry of a queue. */
export function Move({ name, isFirst, isLast, onMove }: MoveProps) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  return (
    <>
      <ActionIcon
        variant="transparent"
        color="var(--ink)"
        size="sm"
        disabled={isFirst}
        aria-label={t('studies.up', { name })}
        onClick={() => onMove(-1)}
        {...lock}
      >
        <ArrowUp size={15} aria-hidden />
      </ActionIcon>
      <ActionIcon
        variant="transparent"
        color="var(--ink)"
        size="sm"
        disabled={isLast}
        aria-label={t('studies.down', { name })}
        onClick={() => onMove(1)}
        {...lock}
      >
        <ArrowDown size={15} aria-hidden />
      </ActionIcon>
    </>
  )
}
