/** The actions on a run of the table. */
import { ActionIcon, Menu } from '@mantine/core'
import { Ellipsis } from 'lucide-react'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useBusy } from '../../job.ts'
import type { RunBrief } from '../../lab.ts'
import { goTo } from '../../location.ts'
import { useFocusHandedOn } from '../../parts/focus.ts'
import { useWriteLock } from '../../parts/write-lock.ts'
import { openNewStudy, VARY_BETA } from '../../shell/new-study.tsx'
import { again, resume } from '../../start.ts'
import { useRemoval } from './removal.ts'

export function RunActions({ run }: { readonly run: RunBrief }) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const busy = useBusy()
  const remove = useRemoval()
  const menu = useRef<HTMLSpanElement>(null)
  useFocusHandedOn(menu)
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only keeps clicks from the row behind it
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys do not reach the row
    <span ref={menu} onClick={(event) => event.stopPropagation()}>
      <Menu position="bottom-start" shadow="md" returnFocus>
        <Menu.Target>
          <ActionIcon variant="subtle" aria-label={t('runs.more', { run: run.id })}>
            <Ellipsis size={16} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {run.resumable && (
            <Menu.Item disabled={busy} onClick={() => void resume(run.id)} {...lock}>
              {t('runs.resume')}
            </Menu.Item>
          )}
          <Menu.Item onClick={() => goTo('training', { run: run.id })}>{t('pipeline.look.training')}</Menu.Item>
          <Menu.Item onClick={() => goTo('pairs', { run: run.id })}>{t('pipeline.look.pairs')}</Menu.Item>
          <Menu.Item onClick={() => goTo('episodes', { run: run.id })}>{t('runs.episodes')}</Menu.Item>
          <Menu.Item disabled={busy} onClick={() => void again(run.id)} {...lock}>
            {t('pipeline.again')}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item onClick={() => openNewStudy(run.id)} {...lock}>
            {t('studies.make.repeat')}
          </Menu.Item>
          <Menu.Item onClick={() => openNewStudy(run.id, VARY_BETA)} {...lock}>
            {t('studies.make.vary')}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item onClick={() => void remove([run.id])} {...lock}>
            {t('runs.delete')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </span>
  )
}
