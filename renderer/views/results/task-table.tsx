/** Success by task, by category and overall, with intervals. A task opens its problems. */
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { points } from '../../../main/evaluation/figures.ts'
import { standingApart } from '../../../main/evaluation/verdict.ts'
import type { Results } from '../../lab.ts'
import { usePlace, visit } from '../../location.ts'
import { armName } from '../../parts/arm.ts'
import { armColour } from '../../parts/interval.tsx'
import { RateCell } from '../../parts/rate-cell.tsx'
import { reveal } from '../../parts/reveal.ts'
import { PROBLEMS } from './problems.tsx'
import classes from './results.module.css'

type Row = Results['table']['overall']

export function TaskTable({ results: { table } }: { readonly results: Results }) {
  const { t } = useTranslation()
  const columns = columnsOf(table.arms)
  const category = (name: string) => t(`category.${name}` as 'category.click', { defaultValue: name })
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className={classes.scroll} tabIndex={0}>
      <table className={classes.tasks}>
        <TaskHead columns={columns} />
        <tbody>
          {table.tasks.map((row) => (
            <RateRow key={row.name} row={row} columns={columns} name={<TaskButton task={row.name} />} />
          ))}
        </tbody>
        {table.categories.length > 1 && (
          <tbody className={classes.group}>
            {table.categories.map((row) => (
              <RateRow key={row.name} row={row} columns={columns} name={category(row.name)} />
            ))}
          </tbody>
        )}
        <tbody className={`${classes.group} ${classes.overall}`}>
          <RateRow row={table.overall} columns={columns} name={t('results.overall')} />
        </tbody>
      </table>
    </div>
  )
}

function TaskHead({ columns }: { readonly columns: readonly string[] }) {
  const { t } = useTranslation()
  return (
    <thead>
      <tr>
        <th scope="col">{t('episodes.task')}</th>
        {columns.map((column) =>
          column === CHANGE ? (
            <th key={column} scope="col" className={classes.change}>
              {t('results.change')}
            </th>
          ) : (
            <th key={column} scope="col" style={{ color: armColour(column) }}>
              {armName(t, column)}
            </th>
          ),
        )}
      </tr>
    </thead>
  )
}

/** The name of a task, which opens its problems. */
function TaskButton({ task }: { readonly task: string }) {
  const { query } = usePlace()
  const press = () => {
    // Compared with SFT, as in the column of the change.
    visit({ task, kind: undefined, against: undefined })
    reveal(PROBLEMS)
  }
  return (
    <button type="button" className={classes.link} aria-pressed={query.task === task} onClick={press}>
      {task}
    </button>
  )
}

/** The id of the change column, which stands among the policies. */
const CHANGE = 'change'

/** The change stands beside its two policies; the other policies follow. */
function columnsOf(arms: readonly string[]): string[] {
  const own = ['sft', 'dpo'].filter((arm) => arms.includes(arm))
  return [...own, CHANGE, ...arms.filter((arm) => !own.includes(arm))]
}

interface RateRowProps {
  readonly row: Row
  readonly columns: readonly string[]
  readonly name: ReactNode
}

/** The success of every policy on one task or on several. */
function RateRow({ row: { cells }, columns, name }: RateRowProps) {
  return (
    <tr>
      <th scope="row">{name}</th>
      {columns.map((column) => (
        <td key={column} className={column === CHANGE ? classes.change : undefined}>
          {column === CHANGE ? <ChangeCell cells={cells} /> : <ArmCell arm={column} rate={cells[column]} />}
        </td>
      ))}
    </tr>
  )
}

function ArmCell({ arm, rate }: { readonly arm: string; readonly rate: Row['cells'][string] | undefined }) {
  if (rate === undefined || rate.n === 0) return '–'
  return <RateCell rate={rate} colour={armColour(arm)} title={`${rate.successes} / ${rate.n}`} />
}

/** A colour only where they differ by more than their intervals. */
const CHANGE_CLASSES = { better: 'chosen', worse: 'rejected', same: 'soft' } as const

function ChangeCell({ cells: { sft, dpo } }: Pick<Row, 'cells'>) {
  if (sft === undefined || dpo === undefined || sft.n === 0 || dpo.n === 0) return '–'
  return <b className={CHANGE_CLASSES[standingApart(dpo, sft)]}>{points(dpo.success - sft.success)}</b>
}
