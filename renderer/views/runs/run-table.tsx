/** The runs as a long table that sorts, with marks for what is done to several of them. */
import { Checkbox } from '@mantine/core'
import { useCallback, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunBrief } from '../../lab.ts'
import { choose, hrefOf } from '../../location.ts'
import { runName } from '../../parts/run-colour.ts'
import type { Column } from '../../parts/table/column.ts'
import { LongTable } from '../../parts/table/long-table.tsx'
import { type Order, orderText } from '../../parts/table/order.ts'
import { ROW_HEIGHT } from '../../parts/table/table-row.tsx'
import { marksAfterRange } from './filter.ts'
import { RunActions } from './run-actions.tsx'
import type { RunColumn } from './run-columns.tsx'
import classes from './runs.module.css'

/** The most rows that the table is high; the others scroll. */
const HIGH = 14

interface Props {
  /** In the order in which they are listed. */
  readonly runs: readonly RunBrief[]
  readonly columns: readonly RunColumn[]
  readonly order: Order
  readonly marked: readonly number[]
  /** The opened run; undefined where none is. */
  readonly open: number | undefined
}

export function RunTable({ runs, columns, order, marked, open }: Props) {
  const { t } = useTranslation()
  const all = useWithMarks(runs, columns, marked)
  return (
    <div className={classes.table} style={{ height: ROW_HEIGHT * (Math.min(HIGH, runs.length) + 1) + 18 }}>
      <LongTable
        name={t('runs.sides.runs')}
        columns={all}
        total={runs.length}
        rowAt={(index) => runs[index]}
        onRange={ignore}
        chosen={runs.findIndex(({ id }) => id === open)}
        onChoose={(index) => choose({ run: runs[index]?.id })}
        order={order}
        onOrder={(next) => choose({ sort: orderText(next) })}
      />
    </div>
  )
}

/** All runs are here already. */
function ignore(): void {}

/** The columns that are always there, before the chosen ones: the mark, the actions and the name. */
function useWithMarks(
  runs: readonly RunBrief[],
  columns: readonly RunColumn[],
  marked: readonly number[],
): readonly Column<RunBrief>[] {
  const { t } = useTranslation()
  const last = useRef<number>(undefined)
  const latest = useRef({ runs, marked })
  latest.current = { runs, marked }
  const mark = useCallback((run: number, on: boolean, range: boolean) => {
    const { runs: shown, marked: before } = latest.current
    const ids = shown.map(({ id }) => id)
    const to = ids.indexOf(run)
    const from = range && last.current !== undefined ? Math.max(0, ids.indexOf(last.current)) : to
    last.current = run
    choose({ marked: marksAfterRange(before, ids, { from, to, on }).join('.') })
  }, [])
  return useMemo(() => {
    const set = new Set(marked)
    return [
      {
        id: 'mark',
        label: t('runs.mark'),
        hidden: true,
        width: '18px',
        sticky: true,
        cell: ({ id }) => <Mark run={id} on={set.has(id)} onMark={mark} />,
      },
      {
        id: 'actions',
        label: t('runs.actions'),
        hidden: true,
        width: '28px',
        sticky: true,
        cell: (run) => <RunActions run={run} />,
      },
      {
        id: 'id',
        label: t('runs.run'),
        width: '150px',
        sticky: true,
        sortable: true,
        cell: (run) => (
          <a href={hrefOf('pipeline', { run: run.id })} title={run.name}>
            {runName(run)}
          </a>
        ),
      },
      ...columns,
    ]
  }, [t, columns, marked, mark])
}

interface MarkProps {
  readonly run: number
  readonly on: boolean
  /** `range`: whether all rows from the last mark on are meant. */
  readonly onMark: (run: number, on: boolean, range: boolean) => void
}

function Mark({ run, on, onMark }: MarkProps) {
  const { t } = useTranslation()
  return (
    <Checkbox
      size="xs"
      checked={on}
      // A mark does not open the run.
      onClick={(event) => event.stopPropagation()}
      onChange={(event) => {
        const { nativeEvent } = event
        onMark(run, event.currentTarget.checked, nativeEvent instanceof MouseEvent && nativeEvent.shiftKey)
      }}
      aria-label={t('runs.markRun', { run })}
    />
  )
}
