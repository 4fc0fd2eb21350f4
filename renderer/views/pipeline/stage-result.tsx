/** The result of a stage: its records, a summary, and links to the views that show more. */
import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { useSay } from '../../i18n/say.ts'
import { goTo } from '../../location.ts'
import { duration } from '../../parts/figures.ts'
import { HiddenHead } from '../../parts/hidden-head.tsx'
import { Status } from '../../parts/status.tsx'
import { Glance } from './glance/glance.tsx'
import type { Stop, StopState } from './path.ts'
import classes from './stage-panel.module.css'

/** The view that shows each stage's result. */
const LOOK = {
  sft: 'training',
  collect: 'pairs',
  dpo: 'training',
  evaluate: 'results',
} as const

interface Props extends Pick<StopState, 'records'> {
  readonly stop: Exclude<Stop, 'verify'>
  readonly run: number | null
}

/** Needs at least one record. */
export function StageResult({ stop, records, run }: Props) {
  const { t } = useTranslation()
  const look = LOOK[stop]
  const latest = records.at(-1)!
  return (
    <>
      <Records records={records} />
      {run !== null && <Glance run={run} stop={stop} round={latest.round} />}
      {(look === 'training' || latest.status === 'done') && (
        <Button
          mt="md"
          variant="default"
          onClick={() => goTo(look, { run: run ?? undefined, stage: look === 'training' ? stop : undefined })}
        >
          {t(`pipeline.look.${look}`)}
        </Button>
      )}
    </>
  )
}

/** The records of the stage, round by round. */
function Records({ records }: Pick<StopState, 'records'>) {
  const { t } = useTranslation()
  const say = useSay()
  return (
    <table className={classes.records} aria-label={t('pipeline.result')}>
      <HiddenHead
        names={[t('episodes.filters.stage'), t('runs.columns.status'), t('episodes.time'), t('runs.columns.result')]}
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
            <td>{record.line !== null && say(record.line)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
