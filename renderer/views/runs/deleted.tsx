/** Runs that were deleted since the lab was started: they can still be brought back. */
import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Undo2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { moment } from '../../parts/figures.ts'
import { Panel } from '../../parts/page.tsx'
import { tellError } from '../../shell/notices.tsx'
import classes from './runs.module.css'

export function Deleted() {
  const { t, i18n } = useTranslation()
  const client = useQueryClient()
  const deleted = useQuery({ queryKey: ['runs', 'deleted'], queryFn: () => lab.runs.deleted.query() })
  const restore = useMutation({
    mutationFn: (run: number) => lab.runs.restore.mutate({ run }),
    onSuccess: () => client.invalidateQueries(),
    onError: tellError,
  })
  if (deleted.data === undefined || deleted.data.length === 0) return null
  return (
    <Panel flush title={t('runs.deletedRuns')} note={t('runs.deletedNote')}>
      <ul className={classes.deleted}>
        {deleted.data.map(({ id, name, command, started }) => (
          <li key={id}>
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
              onClick={() => restore.mutate(id)}
            >
              {t('runs.bringBack')}
            </Button>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
