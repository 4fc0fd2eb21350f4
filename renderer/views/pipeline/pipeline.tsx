/** The five stages: start them, watch them, change their settings. */
import { Alert } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useSay } from '../../i18n/say.ts'
import { useJob } from '../../job.ts'
import { useRuns } from '../../lab.ts'
import { usePlace, visit } from '../../location.ts'
import { useKnownChoice } from '../../parts/address.ts'
import { useNamedRun } from '../../parts/named-run.ts'
import { Page } from '../../parts/page.tsx'
import { RunSelect } from '../../parts/run-select.tsx'
import { Failure } from '../../shell/failure.tsx'
import { Actions } from './actions.tsx'
import { Experiment } from './experiment.tsx'
import { Log } from './log.tsx'
import { chosenStop, STOPS, stopOf, stopsOf } from './path.ts'
import classes from './pipeline.module.css'
import { SIDES, StagePanel } from './stage-panel.tsx'
import { StagePath } from './stage-path.tsx'

export default function Pipeline() {
  const { t } = useTranslation()
  const { query } = usePlace()
  const say = useSay()
  const job = useJob()
  const runs = useRuns()
  const side = SIDES.find((one) => one === query.side) ?? 'result'
  useNamedRun(runs, ({ id }) => id)
  useKnownChoice('stage', STOPS)
  useKnownChoice('side', SIDES)
  const run = runs.data?.find(({ id }) => String(id) === query.run) ?? runs.data?.[0]
  const id = run?.id ?? null
  const records = useQuery({
    queryKey: ['runs', 'stages', id],
    queryFn: () => lab.runs.stages.query(id === null ? {} : { run: id }),
    enabled: runs.data !== undefined,
  })
  const current = job?.current?.run === id ? (job?.current ?? null) : null
  const stops = stopsOf(id === null ? [] : (records.data?.stages ?? []))
  const running = current?.stage == null ? undefined : stopOf(current.stage.name)
  const chosen = chosenStop(query.stage, running, stops)
  return (
    <Page
      title={t('views.pipeline')}
      about={<RunSelect runs={runs.data ?? []} run={id} onChange={(one) => visit({ run: one, stage: undefined })} />}
      actions={<Actions run={run} />}
    >
      {runs.error !== null && <Failure error={runs.error} retry={() => void runs.refetch()} />}
      <Experiment stage={chosen} open={runs.data?.length === 0} />
      <StagePath
        stops={stops}
        current={current}
        chosen={chosen}
        onChoose={(stage) => visit({ stage })}
        rounds={run?.rounds ?? 1}
        collector={run?.collector ?? null}
      />
      {run?.failure != null && current === null && (
        <Alert
          variant="light"
          color="orange"
          title={t('pipeline.failed', { run: run.id })}
          icon={<TriangleAlert aria-hidden />}
        >
          <span className="wrap">{say(run.failure)}</span>
        </Alert>
      )}
      <div className={classes.below}>
        <StagePanel
          key={chosen}
          stop={stops.find(({ stop }) => stop === chosen)!}
          run={id}
          running={running === chosen}
          side={side}
          onSide={(to) => visit({ side: to === 'result' ? undefined : to, stage: chosen })}
        />
        <Log run={id} />
      </div>
    </Page>
  )
}
