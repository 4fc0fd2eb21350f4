/** The paired differences between arms, with their tests and what such a study can tell. */
import { useTranslation } from 'react-i18next'
import { points, pValue } from '../../../main/evaluation/figures.ts'
import { comparedNames, detectablePoints } from '../../../main/evaluation/study/words.ts'
import { useSay } from '../../i18n/say.ts'
import type { StudyResult } from '../../lab.ts'
import { Panel } from '../../parts/page.tsx'
import classes from './studies.module.css'

const TONES = { better: 'chosen', worse: 'rejected', same: 'soft' } as const

export function Differences({ result }: { readonly result: StudyResult }) {
  const { t } = useTranslation()
  const say = useSay()
  const { comparisons } = result
  if (comparisons.length === 0) {
    return (
      <Panel title={t('studies.differences')}>
        <p className={classes.early}>{t('studies.tooFew')}</p>
      </Panel>
    )
  }
  return (
    <Panel flush title={t('studies.differences')} note={t('studies.differencesNote')}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className={classes.scroll} tabIndex={0}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">{t('studies.comparison')}</th>
              <th scope="col" className="number">
                {t('studies.points')}
              </th>
              <th scope="col">{t('studies.interval')}</th>
              <th scope="col">{t('studies.mixed')}</th>
              <th scope="col">{t('studies.exact')}</th>
              <th scope="col">{t('studies.holm')}</th>
              <th scope="col" className="number" title={t('studies.tellsNote')}>
                {t('studies.tells')}
              </th>
              <th scope="col" className="number" title={t('studies.neededNote')}>
                {t('studies.needed')}
              </th>
            </tr>
          </thead>
          <tbody>
            {comparisons.map((one) => {
              const { of, against } = comparedNames(one, result)
              return (
                <tr key={`${one.of} ${one.against}`}>
                  <th scope="row">{t('studies.against', { of: say(of), against: say(against) })}</th>
                  <td className={`number ${TONES[one.standing]}`}>
                    <b>{points(one.difference)}</b>
                  </td>
                  <td>{t('studies.range', { low: points(one.low), high: points(one.high) })}</td>
                  <td>{pValue(one.p)}</td>
                  <td>{pValue(one.exact)}</td>
                  <td>
                    <b>{pValue(one.adjusted)}</b>
                  </td>
                  <td className="number">{detectablePoints(one.detectable) ?? '–'}</td>
                  <td className="number">{one.seedsNeeded ?? '–'}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      <p className={classes.below}>
        <b>{t('studies.tells')}</b> {t('studies.tellsNote')} <b>{t('studies.needed')}</b> {t('studies.neededNote')}
      </p>
    </Panel>
  )
}
