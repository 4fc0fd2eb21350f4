/** DPO against each other policy on the same problems; a part of a bar opens its problems. */
import { useTranslation } from 'react-i18next'
import { choose } from '../../location.ts'
import { points, pValue } from '../../parts/figures.ts'
import classes from './results.module.css'
import type { Results } from './results.tsx'

const KINDS = ['won', 'both', 'neither', 'lost'] as const

export function PairedBars({ results: { against } }: { readonly results: Results }) {
  const { t } = useTranslation()
  return (
    <div className={classes.paired}>
      {Object.entries(against)
        .filter(([, { n }]) => n > 0)
        .map(([arm, outcome]) => {
          const other = t(`arm.${arm}` as 'arm.sft', { defaultValue: arm })
          return (
            <section key={arm} aria-label={t('results.against', { other })}>
              <p className={classes.pairedHead}>
                <b>{t('results.against', { other })}</b>
                <span className="soft">
                  {t('results.pairedInterval', {
                    difference: points(outcome.difference),
                    low: points(outcome.low),
                    high: points(outcome.high),
                    p: pValue(outcome.p),
                  })}
                </span>
              </p>
              <div className={classes.split}>
                {KINDS.filter((kind) => outcome[kind] > 0).map((kind) => (
                  <button
                    key={kind}
                    type="button"
                    className={classes[kind]}
                    style={{ flexGrow: outcome[kind] }}
                    aria-label={t(`results.kinds.${kind}`, { other, count: outcome[kind] })}
                    title={t(`results.kinds.${kind}`, { other, count: outcome[kind] })}
                    onClick={() => choose({ against: arm, kind, task: undefined, seed: undefined })}
                  >
                    {outcome[kind]}
                  </button>
                ))}
              </div>
            </section>
          )
        })}
      <p className={classes.legend}>
        {KINDS.map((kind) => (
          <span key={kind}>
            <i className={classes[kind]} />
            {t(`results.legend.${kind}`)}
          </span>
        ))}
      </p>
    </div>
  )
}
