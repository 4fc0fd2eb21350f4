/** The success rate of every policy as a bar with its interval. */
import { useTranslation } from 'react-i18next'
import { armName } from './arm.ts'
import { percent } from './figures.ts'
import { HiddenHead } from './hidden-head.tsx'
import { armColour, IntervalBar, type Rate } from './interval.tsx'
import classes from './policies.module.css'

interface Props {
  readonly arms: Readonly<Record<string, Rate & { readonly faults: number }>>
}

export function Policies({ arms }: Props) {
  const { t } = useTranslation()
  return (
    <table className={classes.bars} aria-label={t('results.policies')}>
      <HiddenHead
        names={[
          t('runs.compare.keys.arm'),
          t('results.bar'),
          t('results.rate'),
          t('results.range'),
          t('results.played'),
        ]}
      />
      <tbody>
        {Object.entries(arms).map(([arm, rate]) => (
          <tr key={arm}>
            <th scope="row" style={{ color: armColour(arm) }}>
              {armName(t, arm)}
            </th>
            <td className={classes.bar}>
              <IntervalBar rate={rate} colour={armColour(arm)} />
            </td>
            <td className="number">
              <b>{percent(rate.success)}%</b>
            </td>
            <td className="soft">
              {percent(rate.low)}–{percent(rate.high)}
            </td>
            <td className="soft">
              n = {rate.n}
              {rate.faults > 0 && ` · ${t('results.faults', { count: rate.faults })}`}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
