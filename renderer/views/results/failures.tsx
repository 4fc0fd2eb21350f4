/** Why attempts failed, by policy; a cause opens its episodes. */
import { useTranslation } from 'react-i18next'
import { hrefOf } from '../../location.ts'
import { armName } from '../../parts/arm.ts'
import { armColour } from '../../parts/interval.tsx'
import { useReason } from '../../parts/reason.ts'
import classes from './results.module.css'
import type { Results } from './results.tsx'

/** Causes shown of each policy. */
const MOST = 8

export function Failures({ results: { failures, faults }, run }: { readonly results: Results; readonly run: number }) {
  const { t } = useTranslation()
  const reason = useReason()
  return (
    <div className={classes.failures}>
      {Object.entries(failures).map(([arm, causes]) => {
        const broken = faults[arm] ?? []
        const most = Math.max(1, ...causes.map(([, count]) => count), ...broken.map(([, count]) => count))
        const item = (cause: string, count: number, outcome: 'failure' | 'fault') => (
          <li key={`${outcome} ${cause}`}>
            <a href={hrefOf('episodes', { run, stage: 'evaluate', arm, reason: cause, outcome })}>
              {outcome === 'fault' ? t('results.fault', { cause: reason(cause) }) : reason(cause)}
            </a>
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
              {causes.slice(0, MOST).map(([cause, count]) => item(cause, count, 'failure'))}
              {broken.slice(0, MOST).map(([cause, count]) => item(cause, count, 'fault'))}
              {causes.length + broken.length === 0 && <li className="soft">{t('results.noFailure')}</li>}
            </ul>
          </section>
        )
      })}
    </div>
  )
}
