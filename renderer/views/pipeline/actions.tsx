/** The buttons that start a run, resume one, or repeat one. */
import { Button, Menu, NumberInput, Popover, Stack, Text } from '@mantine/core'
import { ChevronDown, Play, RotateCw, StepForward } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useBusy } from '../../job.ts'
import type { RunBrief } from '../../lab.ts'
import { useWriteLock } from '../../parts/write-lock.ts'
import { tell } from '../../shell/notices.tsx'
import { again, resume, start } from '../../start.ts'
import { STOPS } from './path.ts'

interface Props {
  /** The run that the view shows. */
  readonly run: RunBrief | undefined
}

export function Actions({ run }: Props) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const busy = useBusy()
  return (
    <>
      {run?.resumable === true && (
        <Button
          variant="default"
          disabled={busy}
          leftSection={<StepForward size={16} aria-hidden />}
          onClick={() => void resume(run.id)}
          {...lock}
        >
          {t('pipeline.resume', { run: run.id })}
        </Button>
      )}
      {run?.status === 'done' && (
        <Button
          variant="default"
          disabled={busy}
          leftSection={<RotateCw size={15} aria-hidden />}
          title={t('pipeline.againNote')}
          onClick={() => void again(run.id)}
          {...lock}
        >
          {t('pipeline.again')}
        </Button>
      )}
      <Menu position="bottom-end" shadow="md">
        <Menu.Target>
          <Button variant="default" disabled={busy} rightSection={<ChevronDown size={15} aria-hidden />} {...lock}>
            {t('pipeline.one')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {STOPS.map((stop) => (
            <Menu.Item key={stop} onClick={() => void start(stop)}>
              {t(`stage.${stop}`)}
              <Text size="xs" c="dimmed">
                {t(`pipeline.short.${stop}`)}
              </Text>
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Everything busy={busy} />
    </>
  )
}

/** "Run everything", with a field for the number of rounds. */
function Everything({ busy }: { readonly busy: boolean }) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const [rounds, setRounds] = useState<number | null>(null)
  const [open, setOpen] = useState(false)
  const run = () => {
    setOpen(false)
    void start('pipeline', rounds === null ? {} : { 'flywheel.rounds': rounds }).then((begun) => {
      if (begun) tell(t('pipeline.started'))
    })
  }
  return (
    <Button.Group>
      <Button disabled={busy} leftSection={<Play size={16} aria-hidden />} onClick={run} {...lock}>
        {t('pipeline.everything')}
      </Button>
      <Popover opened={open} onChange={setOpen} position="bottom-end" shadow="md" trapFocus>
        <Popover.Target>
          <Button
            disabled={busy}
            px={8}
            aria-label={t('pipeline.rounds')}
            style={{ borderLeft: `1px solid var(${busy ? '--line' : '--soft'})` }}
            onClick={() => setOpen(!open)}
            {...lock}
          >
            <ChevronDown size={16} aria-hidden />
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Stack gap="md" w={260}>
            <NumberInput
              label={t('pipeline.rounds')}
              description={t('pipeline.roundsNote')}
              min={1}
              max={20}
              value={rounds ?? ''}
              placeholder={t('pipeline.asConfigured')}
              onChange={(value) => setRounds(typeof value === 'number' ? value : null)}
            />
            <Button onClick={run}>{t('pipeline.everything')}</Button>
          </Stack>
        </Popover.Dropdown>
      </Popover>
    </Button.Group>
  )
}
