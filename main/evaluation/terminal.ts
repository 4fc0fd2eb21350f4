/** The success table as text, for the end of a run. */

import { message } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import { visible } from '../messages/visible.ts'
import type { Cell, Row } from './evaluate.ts'
import { points, pValue } from './figures.ts'
import { armLabel, shortArmLabel } from './labels.ts'
import { comparisons, type Summary } from './summary.ts'
import { findingMessage } from './verdict.ts'

/** A line a task with each arm's success and Wilson 95% interval in percent, then the comparisons and the verdict. */
export function textTable(summary: Summary): string {
  const { table, verdict } = summary
  const { arms, overall } = table
  const tasks = table.tasks.map((task) => ({ ...task, name: visible(task.name).replace(/\s+/g, ' ') }))
  const width = Math.max(...[...tasks, overall].map(({ name }) => name.length))
  const columns = arms.map((arm) => Math.max(shortArmLabel(arm).length, CELL.length))
  const line = (name: string, cells: readonly string[]) =>
    [name.padEnd(width), ...cells.map((text, i) => text.padStart(columns[i]!))].join('  ').trimEnd()
  const row = ({ name, cells }: Row) =>
    line(
      name,
      arms.map((arm) => cellText(cells[arm])),
    )
  const rule = '─'.repeat(
    line(
      '',
      columns.map((column) => '─'.repeat(column)),
    ).length,
  )
  const faults = arms.reduce((sum, arm) => sum + (overall.cells[arm]?.faults ?? 0), 0)
  const counts = arms.map((arm) => `${overall.cells[arm]?.n ?? 0} episodes`)
  return [
    line('task', arms.map(shortArmLabel)),
    rule,
    ...tasks.map(row),
    rule,
    row(overall),
    line('', counts),
    ...(faults > 0
      ? [`The browser or a page broke ${faults} episodes in every try. Their problems are counted for no policy.`]
      : []),
    '',
    ...comparisons(summary).map(
      ([other, { arm, won, lost, difference, low, high, p }]) =>
        `${armLabel(arm)} against ${armLabel(other)}: ${points(difference)} points (${points(low)} to ${points(high)}), won ${won}, lost ${lost}, McNemar ${pValue(p)}`,
    ),
    '',
    ...verdict.map((finding) => english(findingMessage(finding))),
    ...(verdict.length > 0 ? [english(message('oneSeed'))] : []),
  ].join('\n')
}

/** The widest cell possible. */
const CELL = '100.0% (93-100)'

function cellText(cell: Cell | undefined): string {
  if (cell === undefined || cell.n === 0) return '-'
  const percent = (value: number) => Math.round(100 * value)
  return `${(100 * cell.success).toFixed(1)}% (${percent(cell.low)}-${percent(cell.high)})`
}
