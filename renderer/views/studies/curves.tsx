/** The training curves of a study: the mean over seeds in the band from the lowest to the highest. */
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useSay } from '../../i18n/say.ts'
import type { Answers, StudyResult } from '../../lab.ts'
import { placed } from '../../parts/curve/along.ts'
import { AlongChoice, useAlong } from '../../parts/curve/along-choice.tsx'
import { Curve } from '../../parts/curve/curve.tsx'
import { lineOf, type Series } from '../../parts/curve/series.ts'
import { unitOf } from '../../parts/curve/units.ts'
import { Loading } from '../../parts/loading.tsx'
import { Panel } from '../../parts/page.tsx'
import { Failure } from '../../shell/failure.tsx'
import { lookOf } from './arms.ts'
import classes from './studies.module.css'

type Curves = Answers['studies']['curves'][number]

/** The texts of each metric. */
const TEXTS = {
  loss: 'loss',
  'rewards/margins': 'margins',
  'logps/chosen': 'logps',
  'rewards/accuracies': 'accuracies',
} as const satisfies Readonly<Record<Curves['metric'], string>>

export function StudyCurves({ study, result }: { readonly study: number; readonly result: StudyResult }) {
  const { t } = useTranslation()
  const { data, error, refetch } = useQuery({
    queryKey: ['studies', 'curves', study],
    queryFn: () => lab.studies.curves.query({ study }),
  })
  if (data?.every(({ bands }) => bands.length === 0) === true) return null
  return (
    <Panel title={t('studies.curves')} note={t('studies.curvesNote')} actions={<AlongChoice />}>
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {error === null && data === undefined && <Loading />}
      <div className={classes.curves}>
        {data
          ?.filter(({ bands }) => bands.length > 0)
          .map((one) => (
            <MetricCurve key={one.metric} curves={one} result={result} />
          ))}
      </div>
    </Panel>
  )
}

function MetricCurve({ curves: { metric, bands }, result }: { readonly curves: Curves; readonly result: StudyResult }) {
  const { t } = useTranslation()
  const say = useSay()
  const along = useAlong()
  const [first] = result.variants
  const nameOf = ({ variant }: Curves['bands'][number]) => lookOf({ policy: 'dpo', variant }, result, say)
  const without = along === 'step' ? [] : bands.filter(({ clock }) => clock === null)
  const series = bands.flatMap((band): Series[] => {
    const { name, colour } = nameOf(band)
    const line = placed(lineOf(band), along, band.clock)
    return line === undefined
      ? []
      : [{ id: band.variant, label: name, colour, dashed: band.variant !== first?.name, ...line }]
  })
  const title = t(`studies.curve.${TEXTS[metric]}.title`)
  return (
    <section>
      <h3>{title}</h3>
      <p className="soft">{t(`studies.curve.${TEXTS[metric]}.text`)}</p>
      <Curve
        name={title}
        series={series}
        along={along}
        unit={unitOf('dpo', metric)}
        smoothing={0}
        range={null}
        share={metric === 'rewards/accuracies'}
      />
      {without.length > 0 && (
        <p className="soft">
          {t('training.noClock', { names: without.map((band) => nameOf(band).name).join(t('app.between')) })}
        </p>
      )}
    </section>
  )
}
