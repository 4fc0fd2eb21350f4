/** The actions on a run of the table. */
import { ActionIcon, Button, Group, Menu } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Ellipsis } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useBusy } from '../../job.ts'
import { isUnfinished, type RunBrief } from '../../lab.ts'
import { goTo } from '../../location.ts'
import { openNewStudy, VARY_BETA } from '../../shell/new-study.tsx'
import { tell, tellError } from '../../shell/notices.tsx'
import { again, resume } from '../../start.ts'

export function RunActions({ run }: { readonly run: RunBrief }) {
  const { t } = useTranslation()
  const busy = useBusy()
  const remove = useRemoval(run.id)
  return (
    <Group gap="xs" wrap="nowrap" justify="flex-end">
      {isUnfinished(run) && (
        <Button size="compact-xs" variant="default" disabled={busy} onClick={() => void resume(run.id)}>
          {t('runs.resume')}
        </Button>
      )}
      <Menu position="bottom-end" shadow="md" returnFocus>
        <Menu.Target>
          <ActionIcon variant="subtle" aria-label={t('runs.more', { run: run.id })}>
            <Ellipsis size={16} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => goTo('training', { run: run.id })}>{t('pipeline.look.training')}</Menu.Item>
          <Menu.Item onClick={() => goTo('pairs', { run: run.id })}>{t('pipeline.look.pairs')}</Menu.Item>
          <Menu.Item onClick={() => goTo('episodes', { run: run.id })}>{t('runs.episodes')}</Menu.Item>
          <Menu.Item disabled={busy} onClick={() => void again(run.id)}>
            {t('pipeline.again')}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item onClick={() => openNewStudy(run.id)}>{t('studies.make.repeat')}</Menu.Item>
          <Menu.Item onClick={() => openNewStudy(run.id, VARY_BETA)}>{t('studies.make.vary')}</Menu.Item>
          <Menu.Divider />
          <Menu.Item onClick={() => void remove()}>{t('runs.delete')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  )
}

/** Deletes a run, and offers to bring it back. */
function useRemoval(run: number): () => Promise<void> {
  const { t } = useTranslation()
  const client = useQueryClient()
  const restore = () =>
    void lab.runs.restore
      .mutate({ run })
      .then(() => client.invalidateQueries())
      .catch(tellError)
  return async () => {
    try {
      await lab.runs.delete.mutate({ run })
      await client.invalidateQueries()
      tell(t('runs.deleted', { run }), restore)
    } catch (error) {
      tellError(error)
    }
  }
}
