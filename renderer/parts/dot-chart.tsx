/** Success rates as dots, one a training seed, or as a mean with its interval: a row an arm, all on one axis of percent. */
import type { CSSProperties, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ticks } from '../../main/evaluation/ticks.ts'
import classes from './dot-chart.module.css'
import { percent } from './figures.ts'
import { HiddenHead } from './hidden-head.tsx'

export interface DotRow {
  readonly id: string
  readonly name: string
  readonly colour: string
  /** A share of 1 for each training seed. */
  readonly dots: readonly { readonly seed: number; readonly value: number }[]
  /** null where only the seeds are drawn. */
  readonly mean: { readonly value: number; readonly low: number; readonly high: number } | null
  /** Figures beside the chart. */
  readonly figures: ReactNode
}

interface Props {
  readonly name: string
  readonly rows: readonly DotRow[]
  /** The name of the figures for screen readers. */
  readonly figures: string
}

export function DotChart({ name, rows, figures }: Props) {
  const { t } = useTranslation()
  const marks = marksOf(rows)
  const [low, high] = [marks[0]!, marks.at(-1)!]
  const at = (share: number) => `${((100 * share - low) / (high - low)) * 100}%`
  return (
    <table className={classes.chart} aria-label={name}>
      <HiddenHead names={[t('studies.arm'), t('studies.chart'), figures]} />
      <tbody>
        {rows.map((row) => (
          <tr key={row.id} style={{ '--tone': row.colour } as CSSProperties}>
            <th scope="row">{row.name}</th>
            <td className={classes.plot}>
              <Track row={row} marks={marks} at={at} />
            </td>
            <td className={classes.figures}>{row.figures}</td>
          </tr>
        ))}
        <tr className={classes.axis}>
          <td />
          <td className={classes.plot}>
            <span className={classes.marks} aria-hidden="true">
              {marks.map((mark) => (
                <i key={mark} style={{ left: at(mark / 100) }}>
                  {Number(mark.toFixed(1))}%
                </i>
              ))}
            </span>
          </td>
          <td />
        </tr>
      </tbody>
    </table>
  )
}

interface TrackProps {
  readonly row: DotRow
  readonly marks: readonly number[]
  readonly at: (share: number) => string
}

function Track({ row: { dots, mean }, marks, at }: TrackProps) {
  const { t } = useTranslation()
  return (
    <span className={classes.track}>
      {marks.map((mark) => (
        <i key={mark} className={classes.grid} style={{ left: at(mark / 100) }} />
      ))}
      {mean !== null && (
        <>
          <i className={classes.range} style={{ left: at(mean.low), right: `calc(100% - ${at(mean.high)})` }} />
          <i className={classes.mean} style={{ left: at(mean.value) }} />
        </>
      )}
      {dots.map(({ seed, value }) => {
        const words = t('studies.seedValue', { seed, value: percent(value) })
        return (
          <i key={seed} className={classes.dot} style={{ left: at(value) }} title={words}>
            <span className="hidden-words">{words}</span>
          </i>
        )
      })}
    </span>
  )
}

/** The marks of an axis that holds everything drawn. */
function marksOf(rows: readonly DotRow[]): number[] {
  const values = rows.flatMap(({ dots, mean }) => [
    ...dots.map(({ value }) => value),
    ...(mean === null ? [] : [mean.low, mean.high]),
  ])
  return ticks(100 * Math.min(1, ...values), 100 * Math.max(0, ...values), 5)
}
