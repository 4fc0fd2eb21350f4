/** The curves of trainings, live: runs overlaid, smoothed, zoomed, each with a sentence that says how to read it. */
import { Alert, Button, Chip, Group, MultiSelect, SegmentedControl, Slider, Switch, Text } from '@mantine/core'
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query'
import { ChartLine, TriangleAlert, ZoomOut } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useJob } from '../../job.ts'
import { type Answers, useRuns } from '../../lab.ts'
import { choose, goTo, usePlace } from '../../location.ts'
import { armName } from '../../parts/arm.ts'
import { Curve, type Range, type Series } from '../../parts/curve/curve.tsx'
import type { Point } from '../../parts/curve/smooth.ts'
import { Empty } from '../../parts/empty.tsx'
import { armColour } from '../../parts/interval.tsx'
import { Loading } from '../../parts/loading.tsx'
import { Page } from '../../parts/page.tsx'
import { Failure } from '../../shell/failure.tsx'
import { useSettings } from '../../state/settings.ts'
import { CHARTS, type ChartSpec, metricsOf, type Role } from './charts.ts'
import classes from './training.module.css'
import { warningsOf } from './warnings.ts'

type Arm = Answers['metrics']['arms'][number]
type CurveAnswer = Answers['metrics']['curves'][number]

/** Points a curve is asked for: about one a pixel. */
const POINTS = 500
/** Milliseconds between two looks at a training that runs. */
const LIVE = 1500

export default function Training() {
  const { t } = useTranslation()
  const { query } = usePlace()
  const runs = useRuns()
  const chosen = (query.runs ?? query.run ?? String(runs.data?.[0]?.id ?? '')).split('.').filter(Boolean).map(Number)
  const answers = useQueries({
    queries: chosen.map((run) => ({
      queryKey: ['metrics', 'arms', run],
      queryFn: () => lab.metrics.arms.query({ run }),
      refetchInterval: LIVE,
    })),
  })
  const arms = answers.flatMap(({ data }) => data ?? [])
  const known = runs.data !== undefined && answers.every(({ data }) => data !== undefined)
  const stage = query.stage === 'sft' || query.stage === 'dpo' ? query.stage : latestStage(arms)
  if (runs.error !== null) return <Failure error={runs.error} retry={() => void runs.refetch()} />
  if (!known) return <Loading />
  const own = arms.filter((arm) => arm.stage === stage)
  return (
    <Page
      title={t('views.training')}
      about={
        <MultiSelect
          size="xs"
          maw={460}
          aria-label={t('training.runs')}
          placeholder={chosen.length === 0 ? t('training.runs') : ''}
          value={chosen.map(String)}
          data={(runs.data ?? []).map(({ id, command }) => ({
            value: String(id),
            label: `${t('episodes.run', { run: id })} · ${t(`command.${command}` as 'command.sft', { defaultValue: command })}`,
          }))}
          onChange={(values) => choose({ runs: values.join('.'), run: undefined, arms: undefined })}
        />
      }
      actions={
        <SegmentedControl
          size="xs"
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
        <Empty icon={ChartLine} title={t('training.none')} text={t('training.noneText')}>
          <Button onClick={() => goTo('pipeline')}>{t('live.toPipeline')}</Button>
        </Empty>
      ) : (
        <Charts key={stage} stage={stage} arms={own} several={chosen.length > 1} />
      )}
    </Page>
  )
}

/** What was trained last is what is looked for. */
function latestStage(arms: readonly Arm[]): 'sft' | 'dpo' {
  return arms.some(({ stage }) => stage === 'dpo') ? 'dpo' : 'sft'
}

interface ChartsProps {
  readonly stage: 'sft' | 'dpo'
  readonly arms: readonly Arm[]
  /** More than one run: names and colours tell runs apart, too. */
  readonly several: boolean
}

function Charts({ stage, arms, several }: ChartsProps) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const job = useJob()
  const { smoothing } = useSettings()
  const [log, setLog] = useState(false)
  const [range, setRange] = useState<Range | null>(null)
  const nameOf = (arm: Arm) =>
    [
      several ? t('episodes.run', { run: arm.run }) : '',
      armName(t, arm.arm),
      arm.round > 1 || arms.some(({ round }) => round > 1) ? t('episodes.round', { round: arm.round }) : '',
    ]
      .filter(Boolean)
      .join(' · ')
  const ids = arms.map(idOf)
  const wanted = query.arms?.split('.') ?? defaultArms(arms, stage)
  const shown = arms.filter((arm) => wanted.includes(idOf(arm)))
  const names = metricsOf(stage).filter((name) => shown.some((arm) => arm.names.includes(name)))
  const live = job?.current != null && shown.some(({ run }) => run === job.current?.run)
  const [from, to] = range ?? [0, Number.MAX_SAFE_INTEGER]
  const curves = useQuery({
    queryKey: ['metrics', 'curves', shown.map(idOf), names, from, to],
    queryFn: () => lab.metrics.curves.query({ arms: shown.map(keyOf), names, from, to, points: POINTS }),
    enabled: shown.length > 0 && names.length > 0,
    placeholderData: keepPreviousData,
    refetchInterval: live ? LIVE : false,
  })
  const points = useMemo(() => byArmAndName(curves.data ?? []), [curves.data])
  const warnings = shown.flatMap((arm) =>
    arm.arm === 'replay'
      ? []
      : warningsOf(Object.fromEntries(names.map((name) => [name, points.get(`${idOf(arm)} ${name}`) ?? []]))).map(
          (warning) => ({ arm, warning }),
        ),
  )
  return (
    <>
      <div className={classes.tools}>
        <Chip.Group multiple value={[...wanted]} onChange={(values) => choose({ arms: values.join('.') })}>
          <Group gap="xs">
            {ids.map((id, at) => (
              <Chip key={id} value={id} size="xs" variant="outline">
                <i className={classes.swatch} style={{ background: colourOf(arms, at, several) }} />
                {nameOf(arms[at]!)}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
        <Group gap="lg">
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
              onChange={(value) => useSettings.setState({ smoothing: value })}
            />
          </Group>
          <Switch label={t('training.log')} checked={log} onChange={(event) => setLog(event.currentTarget.checked)} />
          {range !== null && (
            <Button
              size="xs"
              variant="default"
              leftSection={<ZoomOut size={14} aria-hidden />}
              onClick={() => setRange(null)}
            >
              {t('training.all', { from: range[0], to: range[1] })}
            </Button>
          )}
        </Group>
      </div>
      {warnings.map(({ arm, warning }) => (
        <Alert
          key={`${idOf(arm)} ${warning}`}
          color="orange"
          variant="light"
          icon={<TriangleAlert size={18} aria-hidden />}
          title={`${nameOf(arm)}: ${t(`training.warnings.${warning}.title`)}`}
        >
          <span className={classes.warning}>{t(`training.warnings.${warning}.text`)}</span>
        </Alert>
      ))}
      {curves.error !== null && <Failure error={curves.error} retry={() => void curves.refetch()} />}
      <div className={classes.charts}>
        {CHARTS[stage]
          .filter(({ lines }) => lines.some(({ metric }) => names.includes(metric)))
          .map((chart) => (
            <section
              key={chart.id}
              className={`card ${classes.chart}`}
              aria-label={t(`training.charts.${chart.id}.title`)}
            >
              <h2>{t(`training.charts.${chart.id}.title`)}</h2>
              <p>{t(`training.charts.${chart.id}.text`)}</p>
              <Curve
                name={t(`training.charts.${chart.id}.title`)}
                series={seriesOf(chart)}
                smoothing={chart.id === 'rate' ? 0 : smoothing}
                log={log}
                range={range}
                onRange={setRange}
                {...(chart.level === undefined || log ? {} : { level: chart.level })}
              />
            </section>
          ))}
      </div>
      <Text size="sm" c="dimmed">
        {t('training.hint')}
      </Text>
    </>
  )

  function seriesOf({ lines }: ChartSpec): Series[] {
    return shown.flatMap((arm) =>
      lines.flatMap(({ metric, role }): Series[] => {
        const own = points.get(`${idOf(arm)} ${metric}`)
        if (own === undefined || own.length === 0) return []
        const name = nameOf(arm)
        return [
          {
            id: `${idOf(arm)} ${metric}`,
            label:
              role === 'main'
                ? name
                : shown.length === 1
                  ? t(`training.roles.${role}`)
                  : `${name}, ${t(`training.roles.${role}`)}`,
            colour: lineColour(role, colourOf(arms, arms.indexOf(arm), several), shown.length === 1),
            dashed: role === 'heldOut' || role === 'rejected',
            points: own,
          },
        ]
      }),
    )
  }
}

/** Where one training is shown, colours can mean chosen and rejected; where several are, they tell these apart. */
function lineColour(role: Role, own: string, alone: boolean): string {
  if (alone && role === 'chosen') return 'var(--chosen)'
  if (alone && role === 'rejected') return 'var(--rejected)'
  return own
}

const PALETTE = ['dpo', 'success_sft', 'nll_chosen', 'replay', 'sft', 'base']

/** An arm's own colour; where runs or rounds are overlaid, the next one of the palette. */
function colourOf(arms: readonly Arm[], at: number, several: boolean): string {
  const distinct = new Set(arms.map(({ arm }) => arm)).size === arms.length
  return several || !distinct ? armColour(PALETTE[at % PALETTE.length]!) : armColour(arms[at]!.arm)
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

function byArmAndName(curves: readonly CurveAnswer[]): Map<string, Point[]> {
  return new Map(
    curves.map((curve) => [
      `${idOf(curve)} ${curve.name}`,
      curve.steps.map((step, at): Point => [step, curve.mean[at] ?? null]),
    ]),
  )
}
