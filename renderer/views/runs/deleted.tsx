/** Runs that were deleted since the lab started. They can still be brought back. */
import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Undo2 } from 'lucide-react'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { Answers } from '../../lab.ts'
import { moment } from '../../parts/figures.ts'
import { useFocusHandedOn } from '../../parts/focus.ts'
import { Panel } from '../../parts/page.tsx'
import { useWriteLock } from '../../parts/write-lock.ts'
import { takeBack, tellError } from '../../shell/notices.tsx'
import classes from './runs.module.css'

export function Deleted() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const deleted = useQuery({ queryKey: ['runs', 'deleted'], queryFn: () => lab.runs.deleted.query() })
  const restore = useMutation({
    mutationFn: (run: number) => lab.runs.restore.mutate({ runs: [run] }),
    onSuccess: () => {
      takeBack('deleted')
      return client.invalidateQueries()
    },
    onError: tellError,
  })
  if (deleted.data === undefined || deleted.data.length === 0) return null
  return (
    <Panel flush title={t('runs.deletedRuns')} note={t('runs.deletedNote')}>
      <ul className={classes.deleted}>
        {deleted.data.map((run) => (
          <DeletedRun key={run.id} run={run} onRestore={() => restore.mutate(run.id)} />
        ))}
      </ul>
    </Panel>
  )
}

interface DeletedRunProps {
  readonly run: Answers['runs']['deleted'][number]
  readonly onRestore: () => void
}

function DeletedRun({ run: { id, name, command, started }, onRestore }: DeletedRunProps) {
  const { t, i18n } = useTranslation()
  const lock = useWriteLock()
  const line = useRef<HTMLLIElement>(null)
  useFocusHandedOn(line)
  return (
    <li ref={line}>
      <b>
        {id} · {name}
      </b>
      <span>{t(`command.${command}` as 'command.sft', { defaultValue: command })}</span>
      <span className="soft">{moment(started, i18n.language)}</span>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<Undo2 size={13} aria-hidden />}
        aria-label={t('runs.bringBackRun', { run: id })}
        onClick={onRestore}
        {...lock}
      >
        {t('runs.bringBack')}
      </Button>
    </li>
  )
}
