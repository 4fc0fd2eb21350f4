/** Success by task, by category and overall, with intervals; a task opens its problems. */
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { choose } from '../../location.ts'
import { armName } from '../../parts/arm.ts'
import { percent, points } from '../../parts/figures.ts'
import { armColour, IntervalBar } from '../../parts/interval.tsx'
import classes from './results.module.css'
import type { Results } from './results.tsx'

type Row = Results['table']['overall']

export function TaskTable({ results: { table } }: { readonly results: Results }) {
  const { t } = useTranslation()
  const category = (name: string) => t(`category.${name}` as 'category.click', { defaultValue: name })
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <div className={classes.scroll} tabIndex={0}>
      <table className={classes.tasks}>
        <thead>
          <tr>
            <th scope="col">{t('episodes.task')}</th>
            {table.arms.map((arm) => (
              <th key={arm} scope="col" style={{ color: armColour(arm) }}>
                {armName(t, arm)}
              </th>
            ))}
            <th scope="col" className="number">
              {t('results.change')}
            </th>
          </tr>
        </thead>
        <tbody>
          {table.tasks.map((row) => (
            <Line
              key={row.name}
              row={row}
              arms={table.arms}
              name={
                <button
                  type="button"
                  className={classes.link}
                  onClick={() => choose({ task: row.name, kind: undefined })}
                >
                  {row.name}
                </button>
              }
            />
          ))}
        </tbody>
        {table.categories.length > 1 && (
          <tbody className={classes.group}>
            {table.categories.map((row) => (
              <Line key={row.name} row={row} arms={table.arms} name={category(row.name)} />
            ))}
          </tbody>
        )}
        <tbody className={`${classes.group} ${classes.overall}`}>
          <Line row={table.overall} arms={table.arms} name={t('results.overall')} />
        </tbody>
      </table>
    </div>
  )
}

interface LineProps {
  readonly row: Row
  readonly arms: readonly string[]
  readonly name: ReactNode
}

function Line({ row: { cells }, arms, name }: LineProps) {
  const { sft, dpo } = cells
  const difference =
    sft === undefined || dpo === undefined || sft.n === 0 || dpo.n === 0 ? null : dpo.success - sft.success
  return (
    <tr>
      <th scope="row">{name}</th>
      {arms.map((arm) => {
        const rate = cells[arm]
        return (
          <td key={arm}>
            {rate === undefined || rate.n === 0 ? (
              '–'
            ) : (
              <span className={classes.cell} title={`${rate.successes} / ${rate.n}`}>
                <b>{percent(rate.success, 0)}</b>
                <IntervalBar rate={rate} colour={armColour(arm)} />
                <small>
                  {percent(rate.low, 0)}–{percent(rate.high, 0)}
                </small>
              </span>
            )}
          </td>
        )
      })}
      <td className="number">
        {difference === null ? (
          '–'
        ) : (
          <b className={difference < 0 ? 'rejected' : difference > 0 ? 'chosen' : 'soft'}>{points(difference)}</b>
        )}
      </td>
    </tr>
  )
}
