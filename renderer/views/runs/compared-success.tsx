/** How often two adapters solved the same problems. */
import { useTranslation } from 'react-i18next'
import { points, pValue } from '../../../main/evaluation/figures.ts'
import { standing } from '../../../main/evaluation/verdict.ts'
import type { Answers } from '../../lab.ts'
import { hrefOf } from '../../location.ts'
import { percent } from '../../parts/figures.ts'
import { HiddenHead } from '../../parts/hidden-head.tsx'
import { IntervalBar } from '../../parts/interval.tsx'
import { OutcomeLegend, OutcomeSplit } from '../../parts/outcome-split.tsx'
import classes from './runs.module.css'

type Success = NonNullable<Answers['adapters']['compare']['success']>

export function ComparedSuccess({ success: { runs, rates, paired } }: { readonly success: Success }) {
  const { t } = useTranslation()
  return (
    <>
      <p className={classes.answer}>
        <b>{t(`runs.compare.${standing(paired)}`)}</b>{' '}
        <span className="soft">
          {t('results.pairedInterval', {
            difference: points(paired.difference),
            low: points(paired.low),
            high: points(paired.high),
            p: pValue(paired.p),
          })}
        </span>
      </p>
      <Rates runs={runs} rates={rates} />
      <OutcomeSplit
        counts={paired}
        words={(kind) => t(`results.kinds.${kind}`, { arm: 'A', other: 'B', count: paired[kind] })}
      />
      <OutcomeLegend words={(kind) => t(`runs.compare.legend.${kind}`)} />
    </>
  )
}

function Rates({ runs, rates }: Pick<Success, 'runs' | 'rates'>) {
  const { t } = useTranslation()
  return (
    <table className={classes.rates} aria-label={t('runs.compare.success')}>
      <HiddenHead
        names={[t('runs.compare.adapter'), t('results.bar'), t('results.rate'), t('results.range'), t('runs.run')]}
      />
      <tbody>
        {(['A', 'B'] as const).map((name, at) => {
          const rate = rates[at]!
          return (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className={classes.rate}>
                <IntervalBar rate={rate} colour={at === 0 ? 'var(--ink)' : 'var(--soft)'} />
              </td>
              <td className="number">
                <b>{percent(rate.success)}%</b>
              </td>
              <td className="soft">
                {t('results.interval', { low: percent(rate.low), high: percent(rate.high), n: rate.n })}
              </td>
              <td>
                <a href={hrefOf('results', { run: runs[at] })}>{t('episodes.run', { run: runs[at] })}</a>
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
