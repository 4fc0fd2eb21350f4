/** A metric of several runs in one chart, with one colour a run. */
import { Group, NativeSelect, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { TrainingClock } from '../../../main/evaluation/training-clock.ts'
import { lab } from '../../api.ts'
import type { Answers, RunBrief } from '../../lab.ts'
import { choose, usePlace } from '../../location.ts'
import { type Along, CLOCK_METRICS, clockOf, placed, placeOf, stepsWithin } from '../../parts/curve/along.ts'
import { AlongChoice, useAlong } from '../../parts/curve/along-choice.tsx'
import { Curve } from '../../parts/curve/curve.tsx'
import { lineOf, type Range, type Series, within } from '../../parts/curve/series.ts'
import { type Unit, unitOf } from '../../parts/curve/units.ts'
import { runColour, runName } from '../../parts/run-colour.ts'
import { useSettings } from '../../state/settings.ts'
import { mainTrainings, metricsOf, type Training } from './trainings.ts'

/** Points of a curve, and of all curves of a chart together. */
const POINTS = 320
const ALL_POINTS = 8000
/** As many curves as one chart can be read with, and drawn without a halt. */
const MOST = 40

interface Props {
  readonly runs: readonly RunBrief[]
  readonly trainings: Answers['runs']['compare']['trainings']
}

export function ComparedCurves({ runs: all, trainings }: Props) {
  const { t } = useTranslation()
  const runs = useMemo(() => all.slice(0, MOST), [all])
  const { query } = usePlace()
  const along = useAlong()
  const choices = useMemo(() => metricsOf(trainings), [trainings])
  const chosen =
    choices.find(({ id }) => id === query.metric) ?? choices.find(({ id }) => id === 'dpo loss') ?? choices[0]
  if (chosen === undefined) return null
  return (
    <section aria-label={t('runs.comparedCurves')}>
      <Group justify="space-between" mb="sm">
        <h3>{t('runs.comparedCurves')}</h3>
        <Group gap="sm">
          <AlongChoice />
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
      </Group>
      {all.length > MOST && <Text c="dimmed">{t('runs.firstOnly', { count: MOST })}</Text>}
      <Overlay
        key={`${chosen.id} ${along}`}
        runs={runs}
        trainings={mainTrainings(trainings, chosen).filter(({ run }) => runs.some(({ id }) => id === run))}
        metric={chosen.name}
        unit={unitOf(chosen.stage, chosen.name)}
        along={along}
      />
    </section>
  )
}

interface OverlayProps {
  readonly runs: readonly RunBrief[]
  readonly trainings: readonly Training[]
  readonly metric: string
  readonly unit: Unit | undefined
  readonly along: Along
}

function Overlay({ runs, trainings, metric, unit, along }: OverlayProps) {
  const { t } = useTranslation()
  const { smoothing } = useSettings()
  const [range, setRange] = useState<Range | null>(null)
  const names = along === 'step' ? [metric] : [...new Set([metric, ...CLOCK_METRICS])]
  const whole = useOverlay(trainings, names, null)
  const clocks = useMemo(() => clocksOf(whole ?? []), [whole])
  const steps = range === null ? null : stepsWithin(range, along, [...clocks.values()])
  const part = useOverlay(trainings, names, steps)
  const series = useMemo(
    () => seriesOf(runs, { curves: part ?? whole ?? [], whole: whole ?? [], metric, along, clocks }),
    [runs, part, whole, metric, along, clocks],
  )
  const last = Math.max(
    1,
    ...trainings.map(({ run, lastStep }) => placeOf(lastStep, along, clocks.get(run) ?? null) ?? 1),
  )
  const without = runs.filter(({ id }) => clocks.get(id) === null)
  return (
    <>
      <Curve
        name={t('runs.overlay', { metric })}
        series={series}
        along={along}
        unit={unit}
        smoothing={smoothing}
        range={range}
        onRange={(to) => setRange(to === null ? null : within(to, [1, last]))}
        height={300}
      />
      {along !== 'step' && without.length > 0 && (
        <Text size="sm">{t('training.noClock', { names: without.map(runName).join(t('app.between')) })}</Text>
      )}
    </>
  )
}

function useOverlay(trainings: readonly Training[], names: readonly string[], range: Range | null) {
  const arms = trainings.map(({ run, stage, round, arm }) => ({ run, stage, round, arm }))
  const points = Math.max(40, Math.min(POINTS, Math.floor(ALL_POINTS / Math.max(1, arms.length))))
  const [from, to] = range ?? [0, Number.MAX_SAFE_INTEGER]
  return useQuery({
    queryKey: ['metrics', 'curves', arms, names, from, to, points],
    queryFn: () => lab.metrics.curves.query({ arms, names: [...names], from, to, points }),
    enabled: arms.length > 0,
    placeholderData: keepPreviousData,
    structuralSharing: false,
  }).data
}

type CurveAnswer = Answers['metrics']['curves']

/** How far each run had come at each step; null where that is not recorded. */
function clocksOf(curves: CurveAnswer): ReadonlyMap<number, TrainingClock | null> {
  const runs = Map.groupBy(curves, ({ run }) => run)
  return new Map(
    [...runs].map(([run, own]) => {
      const lines = CLOCK_METRICS.map((metric) => own.find(({ name }) => name === metric))
      return [run, clockOf(lines.map((curve) => curve && lineOf(curve)))]
    }),
  )
}

interface Overlaid {
  readonly curves: CurveAnswer
  /** Their curves over all steps, where `curves` are those of a zoom. */
  readonly whole: CurveAnswer
  readonly metric: string
  readonly along: Along
  readonly clocks: ReadonlyMap<number, TrainingClock | null>
}

function seriesOf(runs: readonly RunBrief[], { curves, whole, metric, along, clocks }: Overlaid): Series[] {
  const names = new Map(runs.map((run) => [run.id, runName(run)]))
  const shown = curves.filter(({ name }) => name === metric)
  const all = new Map(whole.filter(({ name }) => name === metric).map((curve) => [curve.run, lineOf(curve).points]))
  return shown.flatMap((curve) => {
    const name = names.get(curve.run)
    const line = lineOf(curve)
    if (name === undefined || line.points.length === 0) return []
    // The band of many curves would cover the lines.
    const bounds = shown.length > 3 ? null : line.bounds
    const own = { points: line.points, bounds, whole: all.get(curve.run) ?? line.points }
    const moved = placed(own, along, clocks.get(curve.run) ?? null)
    return moved === undefined ? [] : [{ id: `run ${curve.run}`, label: name, colour: runColour(curve.run), ...moved }]
  })
}
