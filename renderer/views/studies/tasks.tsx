/** Success of every arm, task by task. */
import { useTranslation } from 'react-i18next'
import { useSay } from '../../i18n/say.ts'
import type { StudyResult } from '../../lab.ts'
import { DotChart } from '../../parts/dot-chart.tsx'
import { percent } from '../../parts/figures.ts'
import { Panel } from '../../parts/page.tsx'
import { RateCell } from '../../parts/rate-cell.tsx'
import { lookOf, type StudyArm } from './arms.ts'
import classes from './studies.module.css'

type Estimate = StudyArm['overall']

export function StudyTasks({ result }: { readonly result: StudyResult }) {
  const { t } = useTranslation()
  const say = useSay()
  const arms = result.arms.map((arm) => ({ ...arm, ...lookOf(arm, result, say) }))
  const row = (name: string, estimateOf: (arm: StudyArm) => Estimate | undefined) => (
    <tr key={name}>
      <th scope="row">{name}</th>
      {arms.map((arm) => (
        <td key={arm.id}>
          <RateCell rate={rateOf(estimateOf(arm))} colour={arm.colour} />
        </td>
      ))}
    </tr>
  )
  return (
    <Panel flush title={t('studies.tasks')} note={t('studies.tasksNote')}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className={classes.scroll} tabIndex={0}>
        <table className={classes.tasks}>
          <thead>
            <tr>
              <th scope="col">{t('episodes.task')}</th>
              {arms.map(({ id, name, colour }) => (
                <th key={id} scope="col" style={{ color: colour }}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{result.tasks.map((task) => row(task, (arm) => arm.tasks[task]))}</tbody>
          <tbody className={classes.overall}>{row(t('results.overall'), (arm) => arm.overall)}</tbody>
        </table>
      </div>
      <details className={classes.more}>
        <summary>{t('studies.seedsByTask')}</summary>
        <div className={classes.byTask}>
          {result.tasks.map((task) => (
            <section key={task}>
              <h3>{task}</h3>
              <DotChart
                name={task}
                figures={t('results.rate')}
                rows={arms.map(({ id, name, colour, bySeed, tasks }) => {
                  const { mean: value, low, high } = tasks[task] ?? { mean: 0, low: 0, high: 0 }
                  const dots = bySeed.map(({ seed, tasks: own }) => ({ seed, value: own[task] ?? 0 }))
                  return { id, name, colour, dots, mean: { value, low, high }, figures: `${percent(value, 0)}%` }
                })}
              />
            </section>
          ))}
        </div>
      </details>
    </Panel>
  )
}

/** The mean over the seeds as a rate. */
function rateOf(estimate: Estimate | undefined) {
  return estimate && { success: estimate.mean, low: estimate.low, high: estimate.high }
}
