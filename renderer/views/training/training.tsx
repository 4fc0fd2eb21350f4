/** The curves of trainings, live: runs overlaid, smoothed, zoomed, each with a sentence that says how to read it. */
import { Alert, Button, Chip, Group, MultiSelect, SegmentedControl, Slider, Switch, Text } from '@mantine/core'
import { useThrottledCallback } from '@mantine/hooks'
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query'
import type { TFunction } from 'i18next'
import { ChartLine, TriangleAlert, ZoomOut } from 'lucide-react'
import { memo, useCallback, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useJob } from '../../job.ts'
import { type Answers, type RunBrief, useRuns } from '../../lab.ts'
import { choose, goTo, usePlace } from '../../location.ts'
import { armName } from '../../parts/arm.ts'
import { Curve } from '../../parts/curve/curve.tsx'
import type { Mark } from '../../parts/curve/drawing.tsx'
import { lineOf, type Range, type Series, within } from '../../parts/curve/series.ts'
import { Empty } from '../../parts/empty.tsx'
import { useFocusHandedOn } from '../../parts/focus.ts'
import { Loading } from '../../parts/loading.tsx'
import { Page } from '../../parts/page.tsx'
import { Failure } from '../../shell/failure.tsx'
import { useSettings } from '../../state/settings.ts'
import { CHARTS, type ChartSpec, metricsOf, type Role } from './charts.ts'
import { coloursOf } from './colours.ts'
import classes from './training.module.css'
import { type Warning, warningsOf } from './warnings.ts'

type Arm = Answers['metrics']['arms'][number]
type CurveAnswer = Answers['metrics']['curves'][number]

/** Points a curve is asked for: about one a pixel of the narrowest chart. */
const POINTS = 320
/** In the address: no curve at all, where nothing would mean those that are shown at first. */
const NONE = 'none'
/** Milliseconds between two looks at a training that runs. */
const LIVE = 1500

export default function Training() {
  const { t } = useTranslation()
  const { query } = usePlace()
  const runs = useRuns()
  const chosen = (query.runs ?? query.run ?? String(runs.data?.[0]?.id ?? '')).split('.').filter(Boolean).map(Number)
  const { arms, known } = useQueries({
    queries: chosen.map((run) => ({
      queryKey: ['metrics', 'arms', run],
      queryFn: () => lab.metrics.arms.query({ run }),
      refetchInterval: LIVE,
    })),
    combine: allArms,
  })
  const stage = query.stage === 'sft' || query.stage === 'dpo' ? query.stage : latestStage(arms)
  const own = useMemo(() => arms.filter((arm) => arm.stage === stage), [arms, stage])
  if (runs.error !== null) return <Failure error={runs.error} retry={() => void runs.refetch()} />
  if (runs.data === undefined || !known) return <Loading />
  return (
    <Page
      title={t('views.training')}
      about={<RunsChoice runs={runs.data} chosen={chosen.join('.')} />}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t('training.stage')}
          value={stage}
          onChange={(value) => choose({ stage: value, arms: undefined })}
          data={[
            { value: 'sft', label: t('stage.sft') },
            { value: 'dpo', label: t('stage.dpo') },
          ]}
        />
      }
    >
      {own.length === 0 ? (
        <Empty
          icon={ChartLine}
          title={t(arms.length === 0 ? 'training.none' : 'training.noneHere', { stage: t(`stage.${stage}`) })}
          text={t(arms.length === 0 ? 'training.noneText' : 'training.noneHereText')}
        >
          <Button onClick={() => goTo('pipeline')}>{t('live.toPipeline')}</Button>
        </Empty>
      ) : (
        <Charts key={stage} stage={stage} arms={own} several={chosen.length > 1} />
      )}
    </Page>
  )
}

/** Which runs are overlaid; `chosen` are their ids, joined by dots. There may be hundreds, so it is drawn by itself. */
const RunsChoice = memo(function RunsChoice({
  runs,
  chosen,
}: {
  readonly runs: readonly RunBrief[]
  readonly chosen: string
}) {
  const { t } = useTranslation()
  return (
    <MultiSelect
      size="xs"
      maw={460}
      aria-label={t('training.runs')}
      placeholder={chosen === '' ? t('training.runs') : ''}
      value={chosen.split('.').filter(Boolean)}
      data={runs.map(({ id, command }) => ({
        value: String(id),
        label: `${t('episodes.run', { run: id })} · ${t(`command.${command}` as 'command.sft', { defaultValue: command })}`,
      }))}
      onChange={(values) => choose({ runs: values.join('.'), run: undefined, arms: undefined })}
    />
  )
})

/** The answers of all runs as one. Outside of the component, so that equal answers stay the same object. */
function allArms(answers: readonly { readonly data: readonly Arm[] | undefined }[]) {
  return {
    arms: answers.flatMap(({ data }) => data ?? []),
    known: answers.every(({ data }) => data !== undefined),
  }
}

/** What was trained last is what is looked for. */
function latestStage(arms: readonly Arm[]): 'sft' | 'dpo' {
  return arms.some(({ stage }) => stage === 'dpo') ? 'dpo' : 'sft'
}

interface ChartsProps {
  readonly stage: 'sft' | 'dpo'
  readonly arms: readonly Arm[]
  /** More than one run: names tell runs apart, too. */
  readonly several: boolean
}

function Charts({ stage, arms, several }: ChartsProps) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const job = useJob()
  const [log, setLog] = useState(false)
  const [range, setRange] = useState<Range | null>(null)
  const ids = arms.map(idOf)
  const shown = useMemo(() => {
    const wanted = query.arms?.split('.') ?? defaultArms(arms, stage)
    return arms.filter((arm) => wanted.includes(idOf(arm)))
  }, [arms, stage, query.arms])
  const names = metricsOf(stage).filter((name) => shown.some((arm) => arm.names.includes(name)))
  const live = job?.current != null && shown.some(({ run }) => run === job.current?.run)
  const whole = useCurves(shown, names, null, live)
  // With no range the same question as the whole, which is asked once.
  const part = useCurves(shown, names, range, live)
  const curves = part.data === undefined ? whole : part
  // The same as long as nothing has changed: a chart that gets the same lines is not drawn again.
  const lines = useMemo(() => byArmAndName(curves.data ?? []), [curves.data])
  const lastStep = Math.max(1, ...shown.map((arm) => arm.lastStep))
  const zoom = useCallback((to: Range | null) => setRange(to === null ? null : within(to, [1, lastStep])), [lastStep])
  const colours = useMemo(() => coloursOf(arms), [arms])
  const charts = useMemo(
    () => chartsOf(t, stage, { arms, shown, several, lines, colours }),
    [t, stage, arms, shown, several, lines, colours],
  )
  // Of whole trainings: what shows early or late says nothing of a part.
  const warnings = useMemo(() => warningsIn(shown, byArmAndName(whole.data ?? [])), [shown, whole.data])
  const nameOf = (arm: Arm) => fullName(t, arm, arms, several)
  return (
    <>
      <div className={classes.tools}>
        <Chip.Group
          multiple
          value={shown.map(idOf)}
          onChange={(values) => choose({ arms: values.length === 0 ? NONE : values.join('.') })}
        >
          <Group gap="xs">
            {ids.map((id, at) => (
              <Chip key={id} value={id} size="xs" variant="outline">
                <i className={classes.swatch} style={{ background: colours[at] }} />
                {nameOf(arms[at]!)}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
        <Group gap="lg">
          <Smoothing />
          <Switch label={t('training.log')} checked={log} onChange={(event) => setLog(event.currentTarget.checked)} />
          {range !== null && <ShowAll range={range} onPress={() => setRange(null)} />}
        </Group>
      </div>
      {warnings.map(({ arm, warning }) => (
        <Alert
          key={`${idOf(arm)} ${warning}`}
          color="orange"
          variant="light"
          icon={<TriangleAlert size={18} aria-hidden />}
          title={t('training.warning', { arm: nameOf(arm), what: t(`training.warnings.${warning}.title`) })}
        >
          <span className={classes.warning}>{t(`training.warnings.${warning}.text`)}</span>
        </Alert>
      ))}
      {curves.error !== null && <Failure error={curves.error} retry={() => void curves.refetch()} />}
      {curves.isLoading && <Loading />}
      {shown.length === 0 && <Text>{t('training.choose')}</Text>}
      <div className={classes.charts}>
        {charts.map((one) => (
          <Chart key={one.chart.id} {...one} log={log} range={range} onRange={zoom} />
        ))}
      </div>
      <Text size="sm" c="dimmed">
        {t('training.hint')}
      </Text>
    </>
  )
}

/** Takes the charts back to all steps. */
function ShowAll({ range: [from, to], onPress }: { readonly range: Range; readonly onPress: () => void }) {
  const { t } = useTranslation()
  const button = useRef<HTMLButtonElement>(null)
  useFocusHandedOn(button)
  return (
    <Button ref={button} size="xs" variant="default" leftSection={<ZoomOut size={14} aria-hidden />} onClick={onPress}>
      {t('training.all', { from, to })}
    </Button>
  )
}

/** The curves of some arms, of all steps or of a range. */
function useCurves(arms: readonly Arm[], names: readonly string[], range: Range | null, live: boolean) {
  const [from, to] = range ?? [0, Number.MAX_SAFE_INTEGER]
  return useQuery({
    queryKey: ['metrics', 'curves', arms.map(idOf), names, from, to],
    queryFn: () => lab.metrics.curves.query({ arms: arms.map(keyOf), names: [...names], from, to, points: POINTS }),
    enabled: arms.length > 0 && names.length > 0,
    placeholderData: keepPreviousData,
    // Thousands of numbers, new whenever they are asked for: comparing them would take longer than drawing them.
    structuralSharing: false,
    refetchInterval: live ? LIVE : false,
  })
}

/** What is wrong with the trainings; golden samples alone have no pairs to be wrong about. */
function warningsIn(arms: readonly Arm[], lines: Lines): { readonly arm: Arm; readonly warning: Warning }[] {
  return arms
    .filter(({ arm }) => arm !== 'replay')
    .flatMap((arm) => {
      const own = arm.names.map((name) => [name, lines.get(`${idOf(arm)} ${name}`)?.points ?? []])
      return warningsOf(Object.fromEntries(own)).map((warning) => ({ arm, warning }))
    })
}

/** Least milliseconds between two settings while the slider moves: each draws every chart anew. */
const SETTLED = 100

/** How much the curves are smoothed. The slider moves at once, the charts follow. */
function Smoothing() {
  const { t } = useTranslation()
  const [smoothing, setSmoothing] = useState(useSettings.getState().smoothing)
  const keep = useThrottledCallback((value: number) => useSettings.setState({ smoothing: value }), SETTLED)
  return (
    <Group gap="sm" wrap="nowrap">
      <Text size="sm">{t('training.smoothing')}</Text>
      <Slider
        w={130}
        min={0}
        max={0.99}
        step={0.01}
        value={smoothing}
        label={(value) => value.toFixed(2)}
        thumbLabel={t('training.smoothing')}
        onChange={(value) => {
          setSmoothing(value)
          keep(value)
        }}
      />
    </Group>
  )
}

interface ChartProps {
  readonly chart: ChartSpec
  readonly series: readonly Series[]
  readonly mark?: Mark
  readonly log: boolean
  readonly range: Range | null
  readonly onRange: (range: Range | null) => void
}

const Chart = memo(function Chart({ chart, series, mark, log, range, onRange }: ChartProps) {
  const { t } = useTranslation()
  const { smoothing } = useSettings()
  const title = t(`training.charts.${chart.id}.title`)
  return (
    <section className={`card ${classes.chart}`} aria-label={title}>
      <h2>{title}</h2>
      <p>{t(`training.charts.${chart.id}.text`)}</p>
      <Curve
        name={title}
        series={series}
        smoothing={chart.id === 'rate' ? 0 : smoothing}
        log={log}
        range={range}
        onRange={onRange}
        share={chart.share === true}
        {...(mark === undefined ? {} : { mark })}
        {...(chart.level === undefined || log ? {} : { level: chart.level })}
      />
    </section>
  )
})

type Translate = TFunction

interface Shown {
  readonly arms: readonly Arm[]
  /** Those of the arms that are drawn. */
  readonly shown: readonly Arm[]
  readonly several: boolean
  readonly lines: Lines
  /** Of each of the arms. */
  readonly colours: readonly string[]
}

/** The charts that have something to show, with their lines. */
function chartsOf(t: Translate, stage: 'sft' | 'dpo', { arms, shown, several, lines, colours }: Shown) {
  const seriesOf = (arm: Arm, { metric, role }: ChartSpec['lines'][number]): Series[] => {
    const own = lines.get(`${idOf(arm)} ${metric}`)
    if (own === undefined || own.points.length === 0) return []
    const name = fullName(t, arm, arms, several)
    const roleName = role === 'main' ? name : t(`training.roles.${role}`)
    return [
      {
        id: `${idOf(arm)} ${metric}`,
        label: role === 'main' || shown.length === 1 ? roleName : `${name}, ${roleName}`,
        colour: lineColour(role, colours[arms.indexOf(arm)]!, shown.length === 1),
        dashed: role === 'heldOut' || role === 'rejected',
        exact: role === 'heldOut',
        ...own,
      },
    ]
  }
  // Of one training alone: with several there would be no telling whose line it is.
  const kept = shown.length === 1 ? shown[0]!.kept : null
  const mark = kept === null ? undefined : { step: kept, word: t('training.kept') }
  return CHARTS[stage]
    .map((chart) => ({
      chart,
      series: shown.flatMap((arm) => chart.lines.flatMap((line) => seriesOf(arm, line))),
      ...(mark === undefined || chart.id !== 'loss' ? {} : { mark }),
    }))
    .filter(({ series }) => series.length > 0)
}

/** What tells an arm from the others that are there. */
function fullName(t: Translate, arm: Arm, arms: readonly Arm[], several: boolean): string {
  return [
    several ? t('episodes.run', { run: arm.run }) : '',
    armName(t, arm.arm),
    arm.round > 1 || arms.some(({ round }) => round > 1) ? t('episodes.round', { round: arm.round }) : '',
  ]
    .filter(Boolean)
    .join(' · ')
}

/** Where one training is shown, colours can mean chosen and rejected; where several are, they tell these apart. */
function lineColour(role: Role, own: string, alone: boolean): string {
  if (alone && role === 'chosen') return 'var(--chosen)'
  if (alone && role === 'rejected') return 'var(--rejected)'
  return own
}

function defaultArms(arms: readonly Arm[], stage: 'sft' | 'dpo'): string[] {
  const last = Math.max(0, ...arms.map(({ round }) => round))
  const main = arms.filter(({ arm, round }) => arm === stage && round === last).map(idOf)
  return main.length > 0 ? main : arms.slice(0, 1).map(idOf)
}

function idOf({ run, stage, round, arm }: Pick<Arm, 'run' | 'stage' | 'round' | 'arm'>): string {
  return `${run}-${stage}-${round}-${arm}`
}

function keyOf({ run, stage, round, arm }: Arm): Pick<Arm, 'run' | 'stage' | 'round' | 'arm'> {
  return { run, stage, round, arm }
}

type Lines = ReadonlyMap<string, Pick<Series, 'points' | 'bounds'>>

function byArmAndName(curves: readonly CurveAnswer[]): Lines {
  return new Map(curves.map((curve) => [`${idOf(curve)} ${curve.name}`, lineOf(curve)]))
}
