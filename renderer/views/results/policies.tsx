/** Every policy's success as a bar with its interval. */
import { useTranslation } from 'react-i18next'
import { percent } from '../../parts/figures.ts'
import { armColour, IntervalBar } from '../../parts/interval.tsx'
import classes from './results.module.css'
import type { Results } from './results.tsx'

export function Policies({ results: { arms } }: { readonly results: Results }) {
  const { t } = useTranslation()
  return (
    <table className={classes.bars}>
      <tbody>
        {Object.entries(arms).map(([arm, rate]) => (
          <tr key={arm}>
            <th scope="row" style={{ color: armColour(arm) }}>
              {t(`arm.${arm}` as 'arm.sft', { defaultValue: arm })}
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
