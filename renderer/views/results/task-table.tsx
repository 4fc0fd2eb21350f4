/** Success by task, by category and overall, with intervals. A task opens its problems. */
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { points } from '../../../main/evaluation/figures.ts'
import { standingApart } from '../../../main/evaluation/verdict.ts'
import type { Results } from '../../lab.ts'
import { choose, usePlace, visit } from '../../location.ts'
import { armName } from '../../parts/arm.ts'
import { armColour } from '../../parts/interval.tsx'
import { RateCell } from '../../parts/rate-cell.tsx'
import { reveal } from '../../parts/reveal.ts'
import { type Order, ordered, orderIn, orderText, type SortValue } from '../../parts/table/order.ts'
import { SortButton, sortOf } from '../../parts/table/sort-button.tsx'
import { NO_PROBLEM, PROBLEMS } from './problems.tsx'
import classes from './results.module.css'

type Row = Results['table']['overall']
type Changes = NonNullable<Results['changes']>
type Change = Changes['overall']

export function TaskTable({ results: { table, changes } }: { readonly results: Results }) {
  const { t } = useTranslation()
  const { query } = usePlace()
  const columns = columnsOf(table.arms, changes)
  const order = orderOf(query.sort, columns)
  const category = (name: string) => t(`category.${name}` as 'category.click', { defaultValue: name })
  const tasks =
    order === undefined ? table.tasks : ordered(table.tasks, (row) => valueIn(row, order.by, changes), order.descending)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className={classes.scroll} tabIndex={0}>
      <table className={classes.tasks}>
        <TaskHead columns={columns} order={order} />
        <tbody>
          {tasks.map((row) => (
            <RateRow
              key={row.name}
              row={row}
              columns={columns}
              change={changes?.tasks[row.name]}
              name={<TaskButton task={row.name} />}
            />
          ))}
        </tbody>
        {table.categories.length > 1 && (
          <tbody className={classes.group}>
            {table.categories.map((row) => (
              <RateRow
                key={row.name}
                row={row}
                columns={columns}
                change={changes?.categories[row.name]}
                name={category(row.name)}
              />
            ))}
          </tbody>
        )}
        <tbody className={`${classes.group} ${classes.overall}`}>
          <RateRow row={table.overall} columns={columns} change={changes?.overall} name={t('results.overall')} />
        </tbody>
      </table>
    </div>
  )
}

/** The order in the address; undefined for that of the evaluation, and for a column that is not there. */
function orderOf(sort: string | undefined, columns: readonly string[]): Order | undefined {
  const order = sort === undefined ? undefined : orderIn(sort)
  return order !== undefined && [TASK, ...columns].includes(order.by) ? order : undefined
}

function valueIn({ name, cells }: Row, column: string, changes: Results['changes']): SortValue {
  if (column === TASK) return name
  if (column === CHANGE) return changes?.tasks[name]?.difference ?? null
  const cell = cells[column]
  return cell === undefined || cell.n === 0 ? null : cell.success
}

interface TaskHeadProps {
  readonly columns: readonly string[]
  readonly order: Order | undefined
}

function TaskHead({ columns, order }: TaskHeadProps) {
  const { t } = useTranslation()
  const onOrder = (to: Order) => choose({ sort: orderText(to) })
  const label = (column: string) =>
    column === TASK ? t('episodes.task') : column === CHANGE ? t('results.change') : armName(t, column)
  return (
    <thead>
      <tr>
        {[TASK, ...columns].map((column) => (
          <th
            key={column}
            scope="col"
            aria-sort={sortOf(column, order)}
            style={column === TASK || column === CHANGE ? undefined : { color: armColour(column) }}
          >
            <SortButton id={column} label={label(column)} order={order} onOrder={onOrder} />
          </th>
        ))}
      </tr>
    </thead>
  )
}

/** The name of a task, which opens its problems. */
function TaskButton({ task }: { readonly task: string }) {
  const { query } = usePlace()
  const press = () => {
    // Compared with SFT, as in the column of the change.
    visit({ ...NO_PROBLEM, task, kind: undefined, against: undefined })
    reveal(PROBLEMS)
  }
  return (
    <button type="button" className={classes.link} aria-pressed={query.task === task} onClick={press}>
      {task}
    </button>
  )
}

/** The ids of the columns that are no policy. */
const TASK = 'task'
const CHANGE = 'change'

/** The change stands beside its two policies; the other policies follow. */
function columnsOf(arms: readonly string[], changes: Results['changes']): string[] {
  const own = ['sft', 'dpo'].filter((arm) => arms.includes(arm))
  return [...own, ...(changes === null ? [] : [CHANGE]), ...arms.filter((arm) => !own.includes(arm))]
}

interface RateRowProps {
  readonly row: Row
  readonly columns: readonly string[]
  readonly change: Change | undefined
  readonly name: ReactNode
}

/** The success of every policy on one task or on several. */
function RateRow({ row: { cells }, columns, change, name }: RateRowProps) {
  return (
    <tr>
      <th scope="row">{name}</th>
      {columns.map((column) => (
        <td key={column}>
          {column === CHANGE ? (
            <ChangeCell cells={cells} change={change} />
          ) : (
            <ArmCell arm={column} rate={cells[column]} />
          )}
        </td>
      ))}
    </tr>
  )
}

function ArmCell({ arm, rate }: { readonly arm: string; readonly rate: Row['cells'][string] | undefined }) {
  if (rate === undefined || rate.n === 0) return '–'
  return <RateCell rate={rate} colour={armColour(arm)} title={`${rate.successes} / ${rate.n}`} />
}

/** A colour only where the policies differ by more than their intervals: of many tasks, chance moves some. */
const CHANGE_CLASSES = { better: 'chosen', worse: 'rejected', same: 'soft' } as const

function ChangeCell({ cells: { sft, dpo }, change }: Pick<Row, 'cells'> & { readonly change: Change | undefined }) {
  const { t } = useTranslation()
  if (change === undefined || change.n === 0 || sft === undefined || dpo === undefined) return '–'
  return (
    <span className={classes.change}>
      <b className={CHANGE_CLASSES[standingApart(dpo, sft)]}>{points(change.difference)}</b>
      <small>{t('results.fromTo', { low: points(change.low), high: points(change.high) })}</small>
    </span>
  )
}
