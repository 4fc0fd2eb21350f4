/** DPO against each other policy on the same problems. A part of a bar opens its problems. */
import { useTranslation } from 'react-i18next'
import { points, pValue } from '../../../main/evaluation/figures.ts'
import type { Results } from '../../lab.ts'
import { usePlace, visit } from '../../location.ts'
import { armName } from '../../parts/arm.ts'
import { OUTCOMES, OutcomeLegend, OutcomeSplit, type PairedKind } from '../../parts/outcome-split.tsx'
import { reveal } from '../../parts/reveal.ts'
import { NO_PROBLEM, PROBLEMS } from './problems.tsx'
import classes from './results.module.css'

export function PairedBars({ results: { against } }: { readonly results: Results }) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const open = (rival: string) =>
    query.against === rival && query.task === undefined ? OUTCOMES.find((kind) => kind === query.kind) : undefined
  const press = (rival: string, kind: PairedKind) => {
    visit({ ...NO_PROBLEM, against: rival, kind, task: undefined })
    reveal(PROBLEMS)
  }
  return (
    <div className={classes.paired}>
      {Object.entries(against)
        .filter(([, { n }]) => n > 0)
        .map(([rival, outcome]) => {
          const names = { arm: armName(t, outcome.arm), other: armName(t, rival) }
          return (
            <section key={rival} aria-label={t('results.against', names)}>
              <p className={classes.pairedHead}>
                <b>{t('results.against', names)}</b>
                <span className="soft">
                  {t('results.pairedInterval', {
                    difference: points(outcome.difference),
                    low: points(outcome.low),
                    high: points(outcome.high),
                    p: pValue(outcome.p),
                  })}
                </span>
              </p>
              <OutcomeSplit
                counts={outcome}
                words={(kind) => t(`results.kinds.${kind}`, { ...names, count: outcome[kind] })}
                open={open(rival)}
                onKind={(kind) => press(rival, kind)}
              />
            </section>
          )
        })}
      <OutcomeLegend words={(kind) => t(`results.legend.${kind}`)} />
    </div>
  )
}
