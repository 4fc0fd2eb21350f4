/** Success of every arm: once with all training seeds, once as the mean with its interval. */
import { useTranslation } from 'react-i18next'
import { useSay } from '../../i18n/say.ts'
import type { StudyResult } from '../../lab.ts'
import { DotChart } from '../../parts/dot-chart.tsx'
import { percent } from '../../parts/figures.ts'
import { Panel } from '../../parts/page.tsx'
import { lookOf, type StudyArm } from './arms.ts'
import classes from './studies.module.css'

export function Success({ result }: { readonly result: StudyResult }) {
  const { t } = useTranslation()
  const say = useSay()
  const { arms, broken, problems, seeds, tasks } = result
  const note = [
    t('studies.successNote', {
      problems: t('counted.problems', { count: problems }),
      tasks: t('counted.tasks', { count: tasks.length }),
      seeds: t('counted.seeds', { count: seeds.length }),
    }),
    ...(broken > 0 ? [t('studies.broken', { count: broken })] : []),
  ].join(t('app.apart'))
  const rowOf = (arm: StudyArm) => ({ id: arm.id, ...lookOf(arm, result, say) })
  return (
    <Panel title={t('studies.success')} note={note}>
      <div className={classes.pair}>
        <section>
          <h3>{t('studies.bySeed')}</h3>
          <p className="soft">{t('studies.bySeedNote')}</p>
          <DotChart
            name={t('studies.bySeed')}
            figures={t('studies.spread')}
            rows={arms.map((arm) => {
              const dots = arm.bySeed.map(({ seed, success }) => ({ seed, value: success }))
              const values = dots.map(({ value }) => value)
              const ends = [Math.min(...values), Math.max(...values)] as const
              return { ...rowOf(arm), dots, mean: null, figures: `${percent(ends[0])}–${percent(ends[1])}%` }
            })}
          />
        </section>
        <section>
          <h3>{t('studies.mean')}</h3>
          <p className="soft">{t('studies.meanNote')}</p>
          <DotChart
            name={t('studies.mean')}
            figures={t('studies.interval')}
            rows={arms.map((arm) => {
              const { mean: value, low, high } = arm.overall
              const figures = (
                <>
                  <b>{percent(value)}%</b> <span className="soft">{`${percent(low)}–${percent(high)}`}</span>
                </>
              )
              return { ...rowOf(arm), dots: [], mean: { value, low, high }, figures }
            })}
          />
        </section>
      </div>
    </Panel>
  )
}
