/** Success of every arm, task by task. */
import { useTranslation } from 'react-i18next'
import { useSay } from '../../i18n/say.ts'
import type { StudyResult } from '../../lab.ts'
import { choose, usePlace } from '../../location.ts'
import { DotChart } from '../../parts/dot-chart.tsx'
import { percent } from '../../parts/figures.ts'
import { Panel } from '../../parts/page.tsx'
import { RateCell } from '../../parts/rate-cell.tsx'
import { type Order, ordered, orderIn, orderText, type SortValue } from '../../parts/table/order.ts'
import { SortButton, sortOf } from '../../parts/table/sort-button.tsx'
import { lookOf, type StudyArm } from './arms.ts'
import classes from './studies.module.css'

/** The id of the column that is no arm. */
const TASK = 'task'

type Estimate = StudyArm['overall']

export function StudyTasks({ result }: { readonly result: StudyResult }) {
  const { t } = useTranslation()
  const say = useSay()
  const { query } = usePlace()
  const arms = result.arms.map((arm) => ({ ...arm, ...lookOf(arm, result, say) }))
  const columns = [{ id: TASK, name: t('episodes.task'), colour: undefined }, ...arms]
  const order = orderOf(query.sort, columns)
  const valueIn = (task: string, column: string): SortValue =>
    column === TASK ? task : (arms.find(({ id }) => id === column)?.tasks[task]?.mean ?? null)
  const tasks =
    order === undefined ? result.tasks : ordered(result.tasks, (task) => valueIn(task, order.by), order.descending)
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
              {columns.map(({ id, name, colour }) => (
                <th key={id} scope="col" aria-sort={sortOf(id, order)} style={{ color: colour }}>
                  <SortButton id={id} label={name} order={order} onOrder={(to) => choose({ sort: orderText(to) })} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{tasks.map((task) => row(task, (arm) => arm.tasks[task]))}</tbody>
          <tbody className={classes.overall}>{row(t('results.overall'), (arm) => arm.overall)}</tbody>
        </table>
      </div>
      <details className={classes.more}>
        <summary>{t('studies.seedsByTask')}</summary>
        <div className={classes.byTask}>
          {tasks.map((task) => (
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

/** The order in the address; undefined for that of the study, and for a column that is not there. */
function orderOf(sort: string | undefined, columns: readonly { readonly id: string }[]): Order | undefined {
  const order = sort === undefined ? undefined : orderIn(sort)
  return columns.some(({ id }) => id === order?.by) ? order : undefined
}

/** The mean over the seeds as a rate. */
function rateOf(estimate: Estimate | undefined) {
  return estimate && { success: estimate.mean, low: estimate.low, high: estimate.high }
}
