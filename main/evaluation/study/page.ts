/** study.html: one page with the results of a study, without scripts and links. */
import { message } from '../../messages/message.ts'
import type { Metric } from '../../store/metrics.ts'
import { htmlDocument } from '../document.ts'
import { points, pValue } from '../figures.ts'
import { type Html, html } from '../html.ts'
import { section } from '../section.ts'
import { tone } from '../style.ts'
import { englishWords, sentenceGap, type Words } from '../words.ts'
import { bandSection } from './bands.ts'
import type { Estimate } from './bootstrap.ts'
import { type ChartRow, dotChart } from './charts.ts'
import { ASSUMED, detectable } from './power.ts'
import type { StudyArm, StudyComparison, StudySummary } from './summary.ts'
import { percent } from './terminal.ts'
import { comparedNames, detectablePoints, studyArmName, studyTone, studyVerdict } from './words.ts'

/** A training's metrics, for the curves. */
export interface StudyMetrics {
  readonly variant: string
  readonly seed: number
  readonly metrics: readonly Metric[]
}

/** The whole document, in the language of `words`. */
export function studyPage(
  summary: StudySummary,
  metrics: readonly StudyMetrics[],
  plan: unknown,
  words: Words = englishWords,
): string {
  const { study } = summary
  const { t, say } = words
  const date = new Date(study.created).toISOString().slice(0, 16).replace('T', ' ')
  const body = html`<header>
<p class="kicker">${t('study.kicker', { study: study.id })}</p>
<h1>${study.name}</h1>
<p class="date">${date} UTC</p>
</header>
<main>
<section class="verdict">${studyVerdict(summary).map((told, at) => html`<p class="${at === 0 ? 'sentence first' : 'sentence'}">${say(told)}</p>`)}</section>
${overallSection(summary, words)}
${comparisonsSection(summary, words)}
${tasksSection(summary, words)}
${bandSection(metrics, summary, words)}
${planSection(summary, plan, words)}
</main>
<footer>${t('study.footer')}</footer>`
  return htmlDocument(study.name, body, words.language)
}

function overallSection(summary: StudySummary, words: Words): Html {
  const { arms, problems, seeds, tasks, broken } = summary
  const { t, say } = words
  const rows = arms.map(
    (arm): ChartRow => ({ label: say(studyArmName(arm, summary)), tone: toneOf(arm, summary), ...drawn(arm) }),
  )
  return section(
    t('report.arms'),
    [
      t('study.armsLead', {
        problemCount: message('countProblems', { count: problems }),
        taskCount: message('countTasks', { count: tasks.length }),
      }),
      ...(broken > 0 ? [t('study.broken', { count: broken })] : []),
      t('study.dots', { seeds: seeds.join(', ') }),
    ].join(sentenceGap(words)),
    html`<figure>${dotChart(
      rows.map((row) => ({ ...row, mean: null })),
      t('study.everySeed'),
      words,
      rows,
    )}</figure><figure class="after">${dotChart(
      rows.map((row) => ({ ...row, dots: [] })),
      t('study.means'),
      words,
      rows,
    )}</figure>`,
  )
}

function drawn({ overall, bySeed }: StudyArm): Pick<ChartRow, 'dots' | 'mean'> {
  return {
    dots: bySeed.map(({ seed, success }) => ({ seed, value: success })),
    mean: { value: overall.mean, low: overall.low, high: overall.high },
  }
}

function toneOf(arm: StudyArm, summary: StudySummary): string {
  return tone(studyTone(arm, summary))
}

function comparisonsSection(summary: StudySummary, { t }: Words): Html {
  const { comparisons } = summary
  if (comparisons.length === 0) return html``
  const row = (comparison: StudyComparison) => {
    const { of, against } = comparedNames(comparison, summary)
    const { difference, low, high, p, exact, adjusted, together, seedsNeeded, bySeed } = comparison
    return html`<tr><th scope="row">${t('report.against', { arm: of, other: against })}</th><td title="${bySeed.map(({ seed, difference: one }) => t('study.seedValue', { seed, value: points(one) })).join(', ')}"><b>${points(difference)}</b></td><td>${t('report.range', { low: points(low), high: points(high) })}</td><td>${pValue(p)}</td><td>${pValue(exact)}</td><td><b>${pValue(adjusted)}</b>${together > 1 && ` ${t('study.ofTogether', { together })}`}</td><td>${detectablePoints(comparison.detectable) ?? '–'}</td><td>${seedsNeeded ?? '–'}</td></tr>`
  }
  return section(
    t('study.differences'),
    t('study.differencesLead'),
    html`<div class="scroll"><table class="counts"><thead><tr><th></th>${(['points', 'interval', 'mixed', 'exact', 'holm', 'tells', 'seeds'] as const).map((column) => html`<th scope="col">${t(`study.column.${column}`)}</th>`)}</tr></thead><tbody>${comparisons.map(row)}</tbody></table></div>`,
  )
}

function tasksSection(summary: StudySummary, words: Words): Html {
  const { arms, tasks } = summary
  const { t, say } = words
  const cell = (arm: StudyArm, { mean, low, high }: Estimate) =>
    html`<td class="${toneOf(arm, summary)}" title="${t('report.range', { low: percent(low), high: percent(high) })}"><div class="cell"><b>${(100 * mean).toFixed(0)}</b><span class="track"><i class="fill" style="width:${percent(mean)}%"></i><i class="whisker" style="left:${percent(low)}%;width:${percent(high - low)}%"></i></span><small>${(100 * low).toFixed(0)}–${(100 * high).toFixed(0)}</small></div></td>`
  const charts = tasks.map((task) => {
    const rows = arms.map((arm): ChartRow => {
      const { mean: value, low, high } = arm.tasks[task]!
      const dots = arm.bySeed.map(({ seed, tasks: own }) => ({ seed, value: own[task] ?? 0 }))
      return { label: say(studyArmName(arm, summary)), tone: toneOf(arm, summary), dots, mean: { value, low, high } }
    })
    return html`<figure><figcaption><b>${task}</b></figcaption>${dotChart(rows, t('study.taskChart', { task }), words)}</figure>`
  })
  return section(
    t('report.tasks'),
    t('study.tasksLead'),
    html`<div class="scroll"><table class="tasks"><thead><tr><th scope="col">${t('report.task')}</th>${arms.map((arm) => html`<th scope="col" class="${toneOf(arm, summary)}"><i class="key"></i>${say(studyArmName(arm, summary))}</th>`)}</tr></thead><tbody>${tasks.map((task) => html`<tr class="task"><th scope="row">${task}</th>${arms.map((arm) => cell(arm, arm.tasks[task]!))}</tr>`)}</tbody><tbody class="groups"><tr class="overall"><th scope="row">${t('report.overall')}</th>${arms.map((arm) => cell(arm, arm.overall))}</tr></tbody></table></div>
<details><summary>${t('study.everySeedInTask')}</summary><div class="figures">${charts}</div></details>`,
  )
}

function planSection(
  { variants, done, planned, seeds, problems, tasks }: StudySummary,
  plan: unknown,
  { t }: Words,
): Html {
  const settings = (values: Readonly<Record<string, unknown>>) =>
    Object.entries(values)
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .join(', ') || t('study.asConfigured')
  const design = { seeds: seeds.length, problems, tasks: tasks.length, comparisons: Math.max(1, variants.length - 1) }
  const expected = detectable(ASSUMED, design)
  return section(
    t('study.itself'),
    t('study.done', { done, planned }),
    html`<div class="card"><h3>${t('study.variants')}</h3><dl>${variants.map(({ name, settings: own }) => html`<dt>${name}</dt><dd>${settings(own)}</dd>`)}</dl></div>
<p class="lead">${expected <= 1 && t('study.expected', { points: (100 * expected).toFixed(1) })}</p>
<details><summary>${t('study.plan')}</summary><pre>${JSON.stringify(plan, null, 2) ?? ''}</pre></details>`,
  )
}
