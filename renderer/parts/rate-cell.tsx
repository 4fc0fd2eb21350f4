/** A success rate in a cell of a table: the rate, its bar, and its 95% interval. */
import { percent } from './figures.ts'
import { IntervalBar, type Rate } from './interval.tsx'
import classes from './rate-cell.module.css'

interface Props {
  /** undefined where nothing was played. */
  readonly rate: Omit<Rate, 'n'> | undefined
  readonly colour: string
  /** Shown while the pointer is over it. */
  readonly title?: string
}

export function RateCell({ rate, colour, title }: Props) {
  if (rate === undefined) return '–'
  return (
    <span className={classes.cell} title={title}>
      <b>{percent(rate.success, 0)}</b>
      <IntervalBar rate={{ ...rate, n: 1 }} colour={colour} />
      <small>
        {percent(rate.low, 0)}–{percent(rate.high, 0)}
      </small>
    </span>
  )
}
