/** The success table in Markdown, for notes and pull requests. */

import { message } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import { visible } from '../messages/visible.ts'
import type { Cell, Row } from './evaluate.ts'
import { points, pValue } from './figures.ts'
import { armLabel } from './labels.ts'
import { comparisons, type Summary } from './summary.ts'
import { findingMessage } from './verdict.ts'

/** A row a task with each arm's success and Wilson 95% interval in percent, then the comparisons and the verdict. */
export function markdownTable(summary: Summary): string {
  const { verdict } = summary
  const { arms, tasks, overall } = summary.table
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const row = (name: string, { cells }: Pick<Row, 'cells'>) => line([name, ...arms.map((arm) => cellText(cells[arm]))])
  const compared = comparisons(summary).map(
    ([other, { arm, won, lost, difference, low, high, p }]) =>
      `- ${armLabel(arm)} against ${armLabel(other)}: ${points(difference)} points (${points(low)} to ${points(high)}), won ${won}, lost ${lost}, ${pValue(p)}`,
  )
  return [
    line(['task', ...arms.map((arm) => escapeMarkdown(armLabel(arm)))]),
    line(['---', ...arms.map(() => '---:')]),
    ...tasks.map((task) => row(escapeMarkdown(task.name), task)),
    row('**overall**', overall),
    '',
    ...compared,
    '',
    ...verdict.map((finding) => english(findingMessage(finding))),
    ...(verdict.length > 0 ? [english(message('oneSeed'))] : []),
    '',
  ].join('\n')
}

/** Escapes a name for one line of Markdown: none of its characters are markup, a link or a mention. */
export function escapeMarkdown(name: string): string {
  return visible(name)
    .replace(/\s+/g, ' ')
    .replace(/[!-,./:-@[-`{-~]/g, '\\$&')
}

function cellText(cell: Cell | undefined): string {
  if (cell === undefined || cell.n === 0) return '-'
  const percent = (value: number) => (100 * value).toFixed(1)
  return `${percent(cell.success)} (${percent(cell.low)}-${percent(cell.high)})`
}
