/** The charts of some trainings. The choice of trainings, the smoothing and the zoom apply to all charts. */
import { Alert, Button, Chip, Group, Switch, Text } from '@mantine/core'
import { TriangleAlert, ZoomOut } from 'lucide-react'
import { memo, useCallback, useEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useJob } from '../../job.ts'
import { choose, usePlace, visit } from '../../location.ts'
import { type Along, CLOCK_METRICS, placeOf, placeWords, RANGE_KEYS, stepsWithin } from '../../parts/curve/along.ts'
import { AlongChoice, useAlong } from '../../parts/curve/along-choice.tsx'
import { Curve } from '../../parts/curve/curve.tsx'
import { type Range, within } from '../../parts/curve/series.ts'
import { unitOf } from '../../parts/curve/units.ts'
import { useFocusHandedOn } from '../../parts/focus.ts'
import { Loading } from '../../parts/loading.tsx'
import { Failure } from '../../shell/failure.tsx'
import { useSettings } from '../../state/settings.ts'
import { type Arm, chosenArms, idOf, NO_ARMS, rangeIn, type TrainingStage, trainingName } from './arms.ts'
import { metricsOf } from './chart-specs.ts'
import { type ChartContent, Curves, chartsOf } from './charts.ts'
import { coloursOf } from './colours.ts'
import { useCurves } from './curves.ts'
import { Smoothing } from './smoothing.tsx'
import classes from './training.module.css'
import { warningsAmong } from './warnings.ts'

interface Props {
  readonly stage: TrainingStage
  readonly arms: readonly Arm[]
  /** Whether the trainings belong to several runs: then names include the run. */
  readonly several: boolean
}

export function TrainingCharts({ stage, arms, several }: Props) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const log = query.scale === 'log'
  const shown = useMemo(() => chosenArms(query.arms, arms, stage), [query.arms, arms, stage])
  const along = useAlong()
  useKnownArms(query.arms, arms)
  const { whole, part, clocks, last, range, error, isLoading, refetch } = useShownCurves(
    stage,
    shown,
    along,
    query[RANGE_KEYS[along]],
  )
  const colours = useMemo(() => coloursOf(arms), [arms])
  const charts = useMemo(
    () => chartsOf(t, stage, { arms, colours, shown, several, curves: part, whole, along, clocks }),
    [t, stage, arms, colours, shown, several, part, whole, along, clocks],
  )
  const zoom = useCallback(
    (to: Range | null) => choose({ [RANGE_KEYS[along]]: (to === null ? null : within(to, [1, last]))?.join('-') }),
    [along, last],
  )
  const nameOf = (arm: Arm) => trainingName(t, arm, arms, several)
  return (
    <>
      <div className={classes.tools}>
        <ArmChips arms={arms} shown={shown} colours={colours} nameOf={nameOf} />
        <Group gap="lg">
          <AlongChoice />
          <Smoothing />
          <Switch
            label={t('training.log')}
            checked={log}
            onChange={(event) => choose({ scale: event.currentTarget.checked ? 'log' : undefined })}
          />
          {range !== null && <ShowAll along={along} range={range} onPress={() => zoom(null)} />}
        </Group>
      </div>
      <Warnings arms={shown} curves={whole} nameOf={nameOf} />
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {isLoading && <Loading />}
      {shown.length === 0 && <Text>{t('training.choose')}</Text>}
      <WithoutClock
        names={shown.filter((arm) => !isLoading && clocks.get(idOf(arm)) === null).map(nameOf)}
        along={along}
      />
      <div className={classes.charts}>
        {charts.map((chart) => (
          <Chart key={chart.spec.id} {...chart} stage={stage} along={along} log={log} range={range} onRange={zoom} />
        ))}
      </div>
      <Text size="sm" c="dimmed">
        {t('training.hint')}
        {along === 'time' && ` ${t('training.timeNote')}`}
      </Text>
    </>
  )
}

/** Takes trainings out of the address that these runs do not have. */
function useKnownArms(named: string | undefined, arms: readonly Arm[]): void {
  const ids = named === undefined || named === NO_ARMS ? [] : named.split('.')
  const known = ids.filter((id) => arms.some((arm) => idOf(arm) === id)).join('.')
  const gone = known !== ids.join('.')
  useEffect(() => {
    if (gone) choose({ arms: known })
  }, [gone, known])
}

/**
 * The curves of the shown trainings: of all steps, and of the zoomed range, which the address names. `last` is the last place of
 * the axis.
 */
function useShownCurves(stage: TrainingStage, shown: readonly Arm[], along: Along, named: string | undefined) {
  const job = useJob()
  const wanted = [...metricsOf(stage), ...(along === 'step' ? [] : CLOCK_METRICS)]
  const names = [...new Set(wanted)].filter((name) => shown.some((arm) => arm.names.includes(name)))
  const live = job?.current != null && shown.some(({ run }) => run === job.current?.run)
  const all = useCurves(shown, names, null, live)
  const whole = useMemo(() => new Curves(all.data ?? []), [all.data])
  const clocks = useMemo(() => new Map(shown.map((arm) => [idOf(arm), whole.clock(arm)])), [shown, whole])
  const last = Math.max(1, ...shown.map((arm) => placeOf(arm.lastStep, along, clocks.get(idOf(arm)) ?? null) ?? 1))
  const range = useMemo(() => rangeIn(named, last), [named, last])
  // Without a range this is the same query as the whole, and is made only once.
  const zoomed = useCurves(shown, names, range === null ? null : stepsWithin(range, along, [...clocks.values()]), live)
  const { data, error, isLoading, refetch } = zoomed.data === undefined ? all : zoomed
  return {
    whole,
    // The same object until the data change: a chart with the same lines is not drawn again.
    part: useMemo(() => new Curves(data ?? []), [data]),
    clocks,
    last,
    range,
    error,
    isLoading,
    refetch,
  }
}

interface ArmChipsProps {
  readonly arms: readonly Arm[]
  readonly shown: readonly Arm[]
  readonly colours: readonly string[]
  readonly nameOf: (arm: Arm) => string
}

/** Chips that choose the shown trainings. */
function ArmChips({ arms, shown, colours, nameOf }: ArmChipsProps) {
  return (
    <Chip.Group
      multiple
      value={shown.map(idOf)}
      onChange={(values) => visit({ arms: values.length === 0 ? NO_ARMS : values.join('.') })}
    >
      <Group gap="xs">
        {arms.map((arm, at) => (
          <Chip key={idOf(arm)} value={idOf(arm)} size="xs" variant="outline">
            <i className={classes.swatch} style={{ background: colours[at] }} />
            {nameOf(arm)}
          </Chip>
        ))}
      </Group>
    </Chip.Group>
  )
}

interface WarningsProps {
  readonly arms: readonly Arm[]
  /** Curves of whole trainings: the warnings judge early and late steps. */
  readonly curves: Curves
  readonly nameOf: (arm: Arm) => string
}

function Warnings({ arms, curves, nameOf }: WarningsProps) {
  const { t } = useTranslation()
  const warnings = useMemo(() => warningsAmong(arms, curves), [arms, curves])
  return warnings.map(({ arm, warning }) => (
    <Alert
      key={`${idOf(arm)} ${warning}`}
      color="orange"
      variant="light"
      icon={<TriangleAlert size={18} aria-hidden />}
      title={t('training.warning', { arm: nameOf(arm), what: t(`training.warnings.${warning}.title`) })}
    >
      <span className={classes.warning}>{t(`training.warnings.${warning}.text`)}</span>
    </Alert>
  ))
}

/** Says which trainings cannot be drawn by time or tokens. */
function WithoutClock({ names, along }: { readonly names: readonly string[]; readonly along: Along }) {
  const { t } = useTranslation()
  if (along === 'step' || names.length === 0) return null
  return <Text size="sm">{t('training.noClock', { names: names.join(t('app.between')) })}</Text>
}

interface ShowAllProps {
  readonly along: Along
  readonly range: Range
  readonly onPress: () => void
}

/** A button that shows everything again. */
function ShowAll({ along, range: [from, to], onPress }: ShowAllProps) {
  const { t } = useTranslation()
  const word = (place: number) => placeWords(t, along, place)
  const button = useRef<HTMLButtonElement>(null)
  useFocusHandedOn(button)
  return (
    <Button ref={button} size="xs" variant="default" leftSection={<ZoomOut size={14} aria-hidden />} onClick={onPress}>
      {along === 'step' ? t('training.all', { from, to }) : t('training.allOf', { from: word(from), to: word(to) })}
    </Button>
  )
}

interface ChartProps extends ChartContent {
  readonly stage: TrainingStage
  readonly along: Along
  readonly log: boolean
  readonly range: Range | null
  readonly onRange: (range: Range | null) => void
}

const Chart = memo(function Chart({ stage, spec, series, mark, along, log, range, onRange }: ChartProps) {
  const { t } = useTranslation()
  const { smoothing } = useSettings()
  const title = t(`training.charts.${spec.id}.title`)
  return (
    <section className={`card ${classes.chart}`} aria-label={title}>
      <h2>{title}</h2>
      <p>{t(`training.charts.${spec.id}.text`)}</p>
      <Curve
        name={title}
        series={series}
        along={along}
        unit={unitOf(stage, spec.lines[0]!.metric)}
        smoothing={spec.id === 'rate' ? 0 : smoothing}
        log={log}
        range={range}
        onRange={onRange}
        share={spec.share === true}
        {...(mark === undefined ? {} : { mark })}
        {...(spec.level === undefined || log ? {} : { level: spec.level })}
      />
    </section>
  )
})
