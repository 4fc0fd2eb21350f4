/** Why attempts failed, by policy. A cause opens its episodes. */
import { useTranslation } from 'react-i18next'
import { message } from '../../../main/messages/message.ts'
import { useSay } from '../../i18n/say.ts'
import type { Results } from '../../lab.ts'
import { hrefOf } from '../../location.ts'
import { armName } from '../../parts/arm.ts'
import { armColour } from '../../parts/interval.tsx'
import classes from './results.module.css'

/** Causes shown of each policy. */
const MOST = 8

export function Failures({ results: { failures, faults }, run }: { readonly results: Results; readonly run: number }) {
  const { t } = useTranslation()
  const say = useSay()
  return (
    <div className={classes.failures}>
      {Object.entries(failures).map(([arm, causes]) => {
        const broken = faults[arm] ?? []
        const most = Math.max(1, ...causes.map(([, count]) => count), ...broken.map(([, count]) => count))
        const episodes = { run, stage: 'evaluate', arm }
        const item = (href: string, words: string, count: number, outcome: 'failure' | 'fault') => (
          <li key={href}>
            <a href={href}>{words}</a>
            <span className={classes.amount} aria-hidden="true">
              <i
                style={{
                  width: `${(100 * count) / most}%`,
                  background: outcome === 'fault' ? 'var(--neutral)' : armColour(arm),
                }}
              />
            </span>
            <b className="number">{count}</b>
          </li>
        )
        return (
          <section key={arm}>
            <h3 style={{ color: armColour(arm) }}>{armName(t, arm)}</h3>
            <ul>
              {causes.slice(0, MOST).map(([cause, count]) => {
                const href = hrefOf('episodes', { ...episodes, outcome: 'failure', reason: cause })
                return item(href, say(message(`failure.${cause}`)), count, 'failure')
              })}
              {broken.slice(0, MOST).map(([fault, count]) => {
                const href = hrefOf('episodes', { ...episodes, outcome: 'fault', fault: JSON.stringify(fault) })
                return item(href, t('results.fault', { cause: say(fault) }), count, 'fault')
              })}
              {causes.length + broken.length === 0 && <li className="soft">{t('results.noFailure')}</li>}
            </ul>
          </section>
        )
      })}
    </div>
  )
}
