/** The chosen stage: its task, its result, and its settings. */
import { Button, SegmentedControl, Text } from '@mantine/core'
import { Play } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import type { Message } from '../../../main/messages/message.ts'
import { useBusy } from '../../job.ts'
import { Panel } from '../../parts/page.tsx'
import { useWriteLock } from '../../parts/write-lock.ts'
import { start } from '../../start.ts'
import { Checks } from './checks.tsx'
import type { StopState } from './path.ts'
import { StageResult } from './stage-result.tsx'
import { StageSettings } from './stage-settings.tsx'

const checksResult = z.object({
  checks: z.array(
    z.object({
      name: z.string(),
      ok: z.boolean(),
      detail: z.string(),
      // Logs of older versions hold only the text.
      messages: z._default(z.array(z.custom<Message>()), []),
    }),
  ),
})

/** The sides of the panel. */
export const SIDES = ['result', 'settings'] as const
export type Side = (typeof SIDES)[number]

interface Props {
  readonly stop: StopState
  readonly run: number | null
  /** Whether the stage is running. */
  readonly running: boolean
  readonly side: Side
  /** Shows the other side. The stage stays the chosen one when the run moves on to another. */
  readonly onSide: (side: Side) => void
}

export function StagePanel({ stop: { stop, records }, run, running, side, onSide }: Props) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const busy = useBusy()
  const verified = checksResult.safeParse(records.at(-1)?.result)
  return (
    <Panel
      title={t(`stage.${stop}`)}
      note={t(`pipeline.about.${stop}`)}
      // Verify has a button of its own, which checks without a run.
      actions={
        stop !== 'verify' && (
          <Button
            variant="default"
            disabled={busy}
            leftSection={<Play size={15} aria-hidden />}
            onClick={() => void start(stop)}
            {...lock}
          >
            {t('pipeline.runStage')}
          </Button>
        )
      }
    >
      <SegmentedControl
        size="xs"
        aria-label={t('pipeline.side')}
        mb="md"
        value={side}
        onChange={onSide}
        data={SIDES.map((value) => ({ value, label: t(`pipeline.${value}`) }))}
      />
      {side === 'settings' && <StageSettings stop={stop} />}
      {side === 'result' && stop === 'verify' && (
        <Checks
          found={verified.success ? verified.data.checks : []}
          running={running}
          onSettings={() => onSide('settings')}
        />
      )}
      {side === 'result' &&
        stop !== 'verify' &&
        (records.length === 0 ? (
          <Text c="dimmed">{t('pipeline.notYet')}</Text>
        ) : (
          <StageResult stop={stop} records={records} run={run} />
        ))}
    </Panel>
  )
}
