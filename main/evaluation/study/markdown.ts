/** A study in Markdown, for notes and pull requests. */
import { english } from '../../messages/say.ts'
import { visible } from '../../messages/visible.ts'
import { escapeMarkdown } from '../markdown.ts'
import type { Estimate } from './bootstrap.ts'
import type { StudySummary } from './summary.ts'
import { comparisonLine, percent } from './terminal.ts'
import { studyArmName, studyVerdict } from './words.ts'

/** A row an arm with every seed, a row a task with every arm, the comparisons and the verdict. */
export function studyMarkdown(summary: StudySummary): string {
  const { arms, seeds, tasks, comparisons, problems, study } = summary
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const names = arms.map((arm) => escapeMarkdown(english(studyArmName(arm, summary))))
  const rule = (columns: number) => line(['---', ...Array(columns).fill('---:')])
  return [
    `# Study ${escapeMarkdown(study.name)}`,
    '',
    `${problems} problems of ${tasks.length} tasks, ${seeds.length} training seeds; percent solved. Means have 95% intervals of the`,
    'hierarchical bootstrap over seeds and problems.',
    '',
    line(['policy', 'mean', ...seeds.map((seed) => `seed ${seed}`)]),
    rule(1 + seeds.length),
    ...arms.map(({ overall, bySeed }, at) =>
      line([
        names[at]!,
        cell(overall),
        ...seeds.map((seed) => {
          const own = bySeed.find((one) => one.seed === seed)
          return own === undefined ? '-' : percent(own.success)
        }),
      ]),
    ),
    '',
    line(['task', ...names]),
    rule(arms.length),
    ...tasks.map((task) => line([escapeMarkdown(task), ...arms.map((arm) => cell(arm.tasks[task]!))])),
    '',
    ...comparisons.map((comparison) => `- ${asText(comparisonLine(comparison, summary))}`),
    '',
    ...studyVerdict(summary).map((told) => asText(english(told))),
    '',
  ].join('\n')
}

function cell({ mean, low, high }: Estimate): string {
  return `${percent(mean)} (${percent(low)}-${percent(high)})`
}

/** A sentence whose names are no markup, with its own punctuation as it is. */
function asText(sentence: string): string {
  return visible(sentence).replace(/[\\`*_[\]<>|@#~]/g, '\\$&')
}
