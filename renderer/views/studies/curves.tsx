/** The training curves of a study: the mean over seeds in the band from the lowest to the highest. */
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useSay } from '../../i18n/say.ts'
import type { Answers, StudyResult } from '../../lab.ts'
import { Curve } from '../../parts/curve/curve.tsx'
import { lineOf, type Series } from '../../parts/curve/series.ts'
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
    <Panel title={t('studies.curves')} note={t('studies.curvesNote')}>
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
  const [first] = result.variants
  const series = bands.map((band): Series => {
    const { name, colour } = lookOf({ policy: 'dpo', variant: band.variant }, result, say)
    return { id: band.variant, label: name, colour, dashed: band.variant !== first?.name, ...lineOf(band) }
  })
  const title = t(`studies.curve.${TEXTS[metric]}.title`)
  return (
    <section>
      <h3>{title}</h3>
      <p className="soft">{t(`studies.curve.${TEXTS[metric]}.text`)}</p>
      <Curve name={title} series={series} smoothing={0} range={null} share={metric === 'rewards/accuracies'} />
    </section>
  )
}
