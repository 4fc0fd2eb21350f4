/** A study as text, for the terminal. */
import { message } from '../../messages/message.ts'
import { english } from '../../messages/say.ts'
import { visible } from '../../messages/visible.ts'
import { points, pValue } from '../figures.ts'
import type { Estimate } from './bootstrap.ts'
import type { StudyComparison, StudySummary } from './summary.ts'
import { comparedNames, detectablePoints, studyArmName, studyVerdict } from './words.ts'

/** A line an arm with its mean, interval and seeds; a line a comparison; the verdict. */
export function studyText(summary: StudySummary): string {
  const { arms, comparisons, problems, broken, seeds, tasks } = summary
  const names = arms.map((arm) => visible(english(studyArmName(arm, summary))))
  const width = Math.max(3, ...names.map(({ length }) => length))
  const row = (name: string, mean: string, interval: string, single: string) =>
    `${name.padEnd(width)}  ${mean.padStart(6)}  ${interval.padEnd(13)}  ${single}`.trimEnd()
  const head = row('policy', 'mean', '95% interval', `seeds ${seeds.join(', ')}`)
  return [
    head,
    '─'.repeat(head.length),
    ...arms.map(({ overall, bySeed }, at) =>
      row(
        names[at]!,
        percent(overall.mean),
        interval(overall),
        seeds.map((seed) => shareOf(bySeed.find((one) => one.seed === seed)?.success)).join('  '),
      ),
    ),
    `${problems} problems of ${tasks.length} tasks, ${seeds.length} training seeds; percent solved`,
    ...(broken > 0 ? [`${broken} problems that the browser or a page broke are counted for no arm.`] : []),
    '',
    ...comparisons.map((comparison) => comparisonLine(comparison, summary)),
    ...(comparisons.length > 0 ? [''] : []),
    ...studyVerdict(summary).map((told) => visible(english(told))),
  ].join('\n')
}

/** "DPO against SFT: +9.1 points (+6.2 to +12.0), mixed-effects p = 0.002, exact p < 0.001; this size tells 4.1 points" */
export function comparisonLine(comparison: StudyComparison, summary: StudySummary): string {
  const { difference, low, high, p, exact, adjusted, together, seedsNeeded, detectable } = comparison
  const { of, against } = comparedNames(comparison, summary)
  if (comparison.error === 0 && difference === 0) {
    return visible(english(message('studyAlike', { of, against })))
  }
  const corrected = together > 1 ? `; of ${together} tested together ${pValue(adjusted)}` : ''
  const needed = seedsNeeded === null ? '' : `, this difference takes ${seedsNeeded} seeds`
  const told = detectablePoints(detectable)
  return visible(
    `${english(of)} against ${english(against)}: ${points(difference)} points (${points(low)} to ${points(high)}), ` +
      `mixed-effects ${pValue(p)}, exact ${pValue(exact)}${corrected}; ` +
      `this size tells ${told === null ? 'none' : `${told} points`}${needed}`,
  )
}

function shareOf(success: number | undefined): string {
  return success === undefined ? '    -' : percent(success).padStart(5)
}

export function percent(value: number): string {
  return (100 * value).toFixed(1)
}

function interval({ low, high }: Estimate): string {
  return `(${percent(low)}-${percent(high)})`
}
