/** The chosen stage: what it does, what came of it, and its settings. */
import { Button, SegmentedControl, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Play } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import * as z from 'zod/mini'
import type { Message } from '../../../main/messages/message.ts'
import { lab } from '../../api.ts'
import { useJob } from '../../job.ts'
import { type Field, useTasks } from '../../lab.ts'
import { choose, goTo } from '../../location.ts'
import { duration } from '../../parts/figures.ts'
import { SettingsForm } from '../../parts/form/settings-form.tsx'
import { HiddenHead } from '../../parts/hidden-head.tsx'
import { Loading } from '../../parts/loading.tsx'
import { Panel } from '../../parts/page.tsx'
import { stageLine } from '../../parts/stage-line.ts'
import { Status } from '../../parts/status.tsx'
import { Failure } from '../../shell/failure.tsx'
import { tell, tellError } from '../../shell/notices.tsx'
import { start } from '../../start.ts'
import { Checks } from './checks.tsx'
import { Glance } from './glance/glance.tsx'
import type { Stop, StopState } from './path.ts'
import classes from './stage-panel.module.css'

/** Where what a stage made can be looked at. */
const LOOK = {
  verify: null,
  sft: 'training',
  collect: 'pairs',
  dpo: 'training',
  evaluate: 'results',
} as const

const checksResult = z.object({
  checks: z.array(
    z.object({
      name: z.string(),
      ok: z.boolean(),
      detail: z.string(),
      // An older lab kept the words alone.
      messages: z._default(z.array(z.custom<Message>()), []),
    }),
  ),
})

/** What of a stage is shown. */
export type Side = 'result' | 'settings'

interface Props {
  readonly stop: StopState
  readonly run: number | null
  /** Whether it is at work now. */
  readonly running: boolean
  readonly side: Side
  readonly onSide: (side: Side) => void
}

export function StagePanel({ stop: { stop, records }, run, running, side, onSide }: Props) {
  const { t } = useTranslation()
  const job = useJob()
  const verified = checksResult.safeParse(records.at(-1)?.result)
  const look = LOOK[stop]
  return (
    <Panel
      title={t(`stage.${stop}`)}
      note={t(`pipeline.about.${stop}`)}
      actions={
        <Button
          variant="default"
          disabled={job?.current != null}
          leftSection={<Play size={15} aria-hidden />}
          onClick={() => void start(stop)}
        >
          {t('pipeline.runStage')}
        </Button>
      }
    >
      <SegmentedControl
        size="xs"
        aria-label={t('pipeline.side')}
        mb="md"
        value={side}
        onChange={(value) => {
          onSide(value)
          // Who sets something stays with it, whatever stage the run comes to.
          if (value === 'settings') choose({ stage: stop })
        }}
        data={[
          { value: 'result', label: t('pipeline.result') },
          { value: 'settings', label: t('pipeline.settings') },
        ]}
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
          <>
            <table className={classes.records} aria-label={t('pipeline.result')}>
              <HiddenHead
                names={[t('episodes.filters.stage'), t('runs.status'), t('episodes.time'), t('runs.outcome')]}
              />
              <tbody>
                {records.map((record) => (
                  <tr key={`${record.stage} ${record.round}`}>
                    <th scope="row">
                      {record.round > 0
                        ? t('job.round', { stage: t(`stage.${record.stage}` as 'stage.sft'), round: record.round })
                        : t(`stage.${record.stage}` as 'stage.sft')}
                    </th>
                    <td>
                      <Status status={record.status === 'interrupted' ? 'stopped' : record.status} />
                    </td>
                    <td className="number">{record.status !== 'running' && duration(record.seconds)}</td>
                    <td>{stageLine(t, record)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            {run !== null && <Glance run={run} stop={stop} round={records.at(-1)!.round} />}
            {look !== null && (look === 'training' || records.at(-1)!.status === 'done') && (
              <Button
                mt="md"
                variant="default"
                onClick={() => goTo(look, { run: run ?? undefined, stage: look === 'training' ? stop : undefined })}
              >
                {t(`pipeline.look.${look}`)}
              </Button>
            )}
          </>
        ))}
    </Panel>
  )
}

/** The settings that concern a stage, saved into config.yaml. */
function StageSettings({ stop }: { readonly stop: Stop }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const tasks = useTasks()
  const form = useQuery({ queryKey: ['config'], queryFn: () => lab.config.form.query() })
  if (form.error !== null) return <Failure error={form.error} retry={() => void form.refetch()} />
  if (form.data === undefined) return <Loading />
  return (
    <>
      <Text size="sm" c="dimmed" mb="md">
        {t('pipeline.settingsNote', { path: form.data.path })}
      </Text>
      <SettingsForm
        fields={form.data.fields.filter((field) => concerns(field, stop))}
        tasks={tasks.map(({ name }) => name)}
        save={async (values) => {
          try {
            client.setQueryData(['config'], await lab.config.set.mutate({ values }))
            await client.invalidateQueries()
            tell(t('pipeline.saved', { path: form.data.path }))
          } catch (error) {
            tellError(error)
            throw error
          }
        }}
      />
    </>
  )
}

/** Settings of all stages stand with the first one; those of the whole pipeline with the last. */
function concerns({ commands }: Field, stop: Stop): boolean {
  if (commands.length === 0) return stop === 'verify'
  return commands.includes(stop) || (stop === 'evaluate' && commands.includes('pipeline'))
}
