/** A metric of several runs in one chart, with one colour a run. */
import { Group, NativeSelect } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { Answers, RunBrief } from '../../lab.ts'
import { choose, usePlace } from '../../location.ts'
import { Curve } from '../../parts/curve/curve.tsx'
import { lineOf, type Range, type Series, within } from '../../parts/curve/series.ts'
import { runColour, runName } from '../../parts/run-colour.ts'
import { useSettings } from '../../state/settings.ts'
import { mainTrainings, metricsOf, type Training } from './trainings.ts'

/** Points of a curve, and of all curves of a chart together. */
const POINTS = 320
const ALL_POINTS = 8000

interface Props {
  readonly runs: readonly RunBrief[]
  readonly trainings: Answers['runs']['compare']['trainings']
}

export function ComparedCurves({ runs, trainings }: Props) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const choices = useMemo(() => metricsOf(trainings), [trainings])
  const chosen =
    choices.find(({ id }) => id === query.metric) ?? choices.find(({ id }) => id === 'dpo loss') ?? choices[0]
  if (chosen === undefined) return null
  return (
    <section aria-label={t('runs.comparedCurves')}>
      <Group justify="space-between" mb="sm">
        <h3>{t('runs.comparedCurves')}</h3>
        <NativeSelect
          size="xs"
          aria-label={t('runs.metric')}
          value={chosen.id}
          data={choices.map(({ id, stage, name }) => ({
            value: id,
            label: `${t(`stage.${stage}` as 'stage.sft')} · ${name}`,
          }))}
          onChange={(event) => choose({ metric: event.currentTarget.value })}
        />
      </Group>
      <Overlay key={chosen.id} runs={runs} trainings={mainTrainings(trainings, chosen)} metric={chosen.name} />
    </section>
  )
}

interface OverlayProps {
  readonly runs: readonly RunBrief[]
  readonly trainings: readonly Training[]
  readonly metric: string
}

function Overlay({ runs, trainings, metric }: OverlayProps) {
  const { t } = useTranslation()
  const { smoothing } = useSettings()
  const [range, setRange] = useState<Range | null>(null)
  const whole = useOverlay(trainings, metric, null)
  const part = useOverlay(trainings, metric, range)
  const series = useMemo(() => seriesOf(runs, part ?? whole ?? [], whole ?? []), [runs, part, whole])
  const last = Math.max(1, ...trainings.map(({ lastStep }) => lastStep))
  return (
    <Curve
      name={t('runs.overlay', { metric })}
      series={series}
      smoothing={smoothing}
      range={range}
      onRange={(to) => setRange(to === null ? null : within(to, [1, last]))}
      height={300}
    />
  )
}

function useOverlay(trainings: readonly Training[], metric: string, range: Range | null) {
  const arms = trainings.map(({ run, stage, round, arm }) => ({ run, stage, round, arm }))
  const points = Math.max(40, Math.min(POINTS, Math.floor(ALL_POINTS / Math.max(1, arms.length))))
  const [from, to] = range ?? [0, Number.MAX_SAFE_INTEGER]
  return useQuery({
    queryKey: ['metrics', 'curves', arms, metric, from, to, points],
    queryFn: () => lab.metrics.curves.query({ arms, names: [metric], from, to, points }),
    enabled: arms.length > 0,
    placeholderData: keepPreviousData,
    structuralSharing: false,
  }).data
}

type CurveAnswer = Answers['metrics']['curves']

function seriesOf(runs: readonly RunBrief[], curves: CurveAnswer, whole: CurveAnswer): Series[] {
  const names = new Map(runs.map((run) => [run.id, runName(run)]))
  const all = new Map(whole.map((curve) => [curve.run, lineOf(curve).points]))
  return curves.flatMap((curve) => {
    const name = names.get(curve.run)
    const line = lineOf(curve)
    if (name === undefined || line.points.length === 0) return []
    // The band of many curves would cover the lines.
    const bounds = curves.length > 3 ? null : line.bounds
    const own = { points: line.points, bounds, whole: all.get(curve.run) ?? line.points }
    return [{ id: `run ${curve.run}`, label: name, colour: runColour(curve.run), ...own }]
  })
}
