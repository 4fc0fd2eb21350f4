/** Two curves of a training, which show its progress and whether it goes well. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../../api.ts'
import { armName } from '../../../parts/arm.ts'
import { Curve } from '../../../parts/curve/curve.tsx'
import { lineOf, type Series } from '../../../parts/curve/series.ts'
import { unitOf } from '../../../parts/curve/units.ts'
import { armColour } from '../../../parts/interval.tsx'
import { useSettings } from '../../../state/settings.ts'
import classes from './glance.module.css'

interface Props {
  readonly run: number
  readonly stage: 'sft' | 'dpo'
  readonly round: number
  /** Milliseconds between two fetches; false for a single one. */
  readonly every: number | false
}

/** About one point per pixel. */
const POINTS = 300

interface Chart {
  readonly title: 'loss' | 'accuracy' | 'preferenceLoss' | 'rewards'
  readonly lines: readonly { readonly metric: string; readonly role?: 'heldOut' | 'chosen' | 'rejected' }[]
  readonly level?: number
}

const CHARTS: Readonly<Record<Props['stage'], readonly [Chart, Chart]>> = {
  sft: [
    { title: 'loss', lines: [{ metric: 'loss' }, { metric: 'eval_loss', role: 'heldOut' }] },
    {
      title: 'accuracy',
      lines: [{ metric: 'mean_token_accuracy' }, { metric: 'eval_mean_token_accuracy', role: 'heldOut' }],
    },
  ],
  dpo: [
    { title: 'preferenceLoss', lines: [{ metric: 'loss' }] },
    {
      title: 'rewards',
      lines: [
        { metric: 'rewards/chosen', role: 'chosen' },
        { metric: 'rewards/rejected', role: 'rejected' },
      ],
      level: 0,
    },
  ],
}

export default function Trained({ run, stage, round, every }: Props) {
  const { t } = useTranslation()
  const { smoothing } = useSettings()
  const names = CHARTS[stage].flatMap(({ lines }) => lines.map(({ metric }) => metric))
  const curves = useQuery({
    queryKey: ['metrics', 'curves', 'glance', run, stage, round],
    queryFn: () => lab.metrics.curves.query({ arms: [{ run, stage, round, arm: stage }], names, points: POINTS }),
    placeholderData: keepPreviousData,
    refetchInterval: every,
  })
  // The same object until the data change: a chart with the same lines is not drawn again.
  const charts = useMemo(() => {
    const seriesOf = ({ lines }: Chart): Series[] =>
      lines.flatMap(({ metric, role }) => {
        const curve = curves.data?.find(({ name }) => name === metric)
        if (curve === undefined || curve.steps.length === 0) return []
        const tone = role === 'chosen' || role === 'rejected' ? `var(--${role})` : armColour(stage)
        return {
          id: metric,
          label: role === undefined ? armName(t, stage) : t(`training.roles.${role}`),
          colour: tone,
          dashed: role === 'heldOut' || role === 'rejected',
          exact: role === 'heldOut',
          ...lineOf(curve),
        }
      })
    return CHARTS[stage].map((chart) => ({ ...chart, series: seriesOf(chart) }))
  }, [t, stage, curves.data])
  return (
    <div className={classes.curves}>
      {charts.map((chart) => (
        <section key={chart.title}>
          <h3>{t(`training.charts.${chart.title}.title`)}</h3>
          <Curve
            name={t(`training.charts.${chart.title}.title`)}
            series={chart.series}
            unit={unitOf(stage, chart.lines[0]!.metric)}
            smoothing={smoothing}
            range={null}
            height={170}
            {...(chart.level === undefined ? {} : { level: chart.level })}
          />
        </section>
      ))}
    </div>
  )
}
