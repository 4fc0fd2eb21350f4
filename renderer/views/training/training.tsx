/** The curves of trainings, live: several runs together, smoothed, zoomed, each chart with an explanation. */
import { Button, SegmentedControl } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { ChartLine } from 'lucide-react'
import { useEffect, useEffectEvent, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { type RunBrief, useRuns } from '../../lab.ts'
import { choose, goTo, usePlace, visit } from '../../location.ts'
import { useKnownChoice } from '../../parts/address.ts'
import { Empty } from '../../parts/empty.tsx'
import { Loading } from '../../parts/loading.tsx'
import { Page } from '../../parts/page.tsx'
import { Failure } from '../../shell/failure.tsx'
import { tell } from '../../shell/notices.tsx'
import { type Arm, latestTraining, STAGES, stageOf, type TrainingStage } from './arms.ts'
import { LIVE } from './curves.ts'
import { RunsChoice } from './runs-choice.tsx'
import { TrainingCharts } from './training-charts.tsx'

export default function Training() {
  const { t } = useTranslation()
  const { query } = usePlace()
  const runs = useRuns()
  const byDefault = String(latestTraining(runs.data ?? [])?.id ?? '')
  const chosen = [...new Set((query.runs ?? query.run ?? byDefault).split('.').filter(Boolean).map(Number))]
  useKnownRuns(chosen, runs.isFetching ? undefined : runs.data)
  useKnownChoice('stage', STAGES)
  const { arms, known } = useArms(chosen)
  const stage = stageOf(query.stage, arms)
  const ofStage = useMemo(() => arms.filter((arm) => arm.stage === stage), [arms, stage])
  if (runs.error !== null) return <Failure error={runs.error} retry={() => void runs.refetch()} />
  if (runs.data === undefined || !known) return <Loading />
  return (
    <Page
      title={t('views.training')}
      about={<RunsChoice runs={runs.data} chosen={chosen.join('.')} />}
      actions={<StageChoice stage={stage} />}
    >
      {ofStage.length === 0 ? (
        <NoCurves stage={stage} nowhere={arms.length === 0} />
      ) : (
        <TrainingCharts key={stage} stage={stage} arms={ofStage} several={chosen.length > 1} />
      )}
    </Page>
  )
}

/** Takes runs out of the address that no longer exist, and says so. */
function useKnownRuns(chosen: readonly number[], runs: readonly RunBrief[] | undefined): void {
  const { t } = useTranslation()
  const gone = runs === undefined ? [] : chosen.filter((run) => !runs.some(({ id }) => id === run))
  const correct = useEffectEvent((run: string) => {
    choose({ runs: chosen.filter((one) => !gone.includes(one)).join('.'), run: undefined })
    tell(t('run.gone', { run }))
  })
  const first = gone[0]
  useEffect(() => {
    if (first !== undefined) correct(String(first))
  }, [first])
}

/** The trainings of these runs; `known` once the lab has answered for all of them. */
function useArms(runs: readonly number[]): { readonly arms: readonly Arm[]; readonly known: boolean } {
  return useQueries({
    queries: runs.map((run) => ({
      queryKey: ['metrics', 'arms', run],
      queryFn: () => lab.metrics.arms.query({ run }),
      refetchInterval: LIVE,
    })),
    combine: allArms,
  })
}

/** Joins the answers for all runs. It is outside of the hook, so that equal answers give the same object. */
function allArms(answers: readonly { readonly data: readonly Arm[] | undefined }[]) {
  return {
    arms: answers.flatMap(({ data }) => data ?? []),
    known: answers.every(({ data }) => data !== undefined),
  }
}

function StageChoice({ stage }: { readonly stage: TrainingStage }) {
  const { t } = useTranslation()
  return (
    <SegmentedControl
      size="xs"
      aria-label={t('training.stage')}
      value={stage}
      onChange={(value) => visit({ stage: value, arms: undefined })}
      data={[
        { value: 'sft', label: t('stage.sft') },
        { value: 'dpo', label: t('stage.dpo') },
      ]}
    />
  )
}

/** `nowhere`: the chosen runs have trained neither this stage nor another one. */
function NoCurves({ stage, nowhere }: { readonly stage: TrainingStage; readonly nowhere: boolean }) {
  const { t } = useTranslation()
  return (
    <Empty
      icon={ChartLine}
      title={t(nowhere ? 'training.none' : 'training.noneHere', { stage: t(`stage.${stage}`) })}
      text={t(nowhere ? 'training.noneText' : 'training.noneHereText')}
    >
      <Button onClick={() => goTo('pipeline')}>{t('live.toPipeline')}</Button>
    </Empty>
  )
}
