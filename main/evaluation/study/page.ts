/** study.html: one page with the results of a study, without scripts and links. */
import { english } from '../../messages/say.ts'
import type { Metric } from '../../store/metrics.ts'
import { htmlDocument } from '../document.ts'
import { points, pValue } from '../figures.ts'
import { type Html, html } from '../html.ts'
import { section } from '../section.ts'
import { tone } from '../style.ts'
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

/** The whole document. */
export function studyPage(summary: StudySummary, metrics: readonly StudyMetrics[], plan: unknown): string {
  const { study } = summary
  const date = new Date(study.created).toISOString().slice(0, 16).replace('T', ' ')
  const body = html`<header>
<p class="kicker">DPO-Driver · study ${study.id}</p>
<h1>${study.name}</h1>
<p class="date">${date} UTC</p>
</header>
<main>
<section class="verdict">${studyVerdict(summary).map((told, at) => html`<p class="${at === 0 ? 'sentence first' : 'sentence'}">${english(told)}</p>`)}</section>
${overallSection(summary)}
${comparisonsSection(summary)}
${tasksSection(summary)}
${bandSection(metrics, summary)}
${planSection(summary, plan)}
</main>
<footer>Success means a raw reward of exactly 1. Means have 95% intervals of the hierarchical bootstrap over training seeds and problems (Owen 2007). Differences are tested with a mixed-effects model with crossed random effects of seed and problem (Clark 1973) and with an exact permutation test within problems (Fisher 1935); the larger p counts, after Holm's correction. A problem that the browser or a page broke in any training is counted for no policy.</footer>`
  return htmlDocument(study.name, body)
}

function armText(arm: StudyArm, summary: StudySummary): string {
  return english(studyArmName(arm, summary))
}

function overallSection(summary: StudySummary): Html {
  const { arms, problems, seeds, tasks, broken } = summary
  const rows = arms.map(
    (arm): ChartRow => ({ label: armText(arm, summary), tone: toneOf(arm, summary), ...drawn(arm) }),
  )
  const left = broken > 0 ? ` ${broken} problems are left out, because the browser or a page broke them.` : ''
  return section(
    'Success of every policy',
    `All trainings played the same ${problems} problems of ${tasks.length} tasks, greedily.${left} Above, every training seed is a dot (${seeds.join(', ')}); below, the stroke is the mean over seeds and the bar its 95% interval.`,
    html`<figure>${dotChart(
      rows.map((row) => ({ ...row, mean: null })),
      'Success with every training seed',
      rows,
    )}</figure><figure class="after">${dotChart(
      rows.map((row) => ({ ...row, dots: [] })),
      'Mean success with its interval',
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

function comparisonsSection(summary: StudySummary): Html {
  const { comparisons } = summary
  if (comparisons.length === 0) return html``
  const row = (comparison: StudyComparison) => {
    const { of, against } = comparedNames(comparison, summary)
    const { difference, low, high, p, exact, adjusted, together, seedsNeeded, bySeed } = comparison
    return html`<tr><th scope="row">${english(of)} against ${english(against)}</th><td title="${bySeed.map(({ seed, difference: one }) => `seed ${seed}: ${points(one)}`).join(', ')}"><b>${points(difference)}</b></td><td>${points(low)} to ${points(high)}</td><td>${pValue(p)}</td><td>${pValue(exact)}</td><td><b>${pValue(adjusted)}</b>${together > 1 && ` of ${together}`}</td><td>${detectablePoints(comparison.detectable) ?? '–'}</td><td>${seedsNeeded ?? '–'}</td></tr>`
  }
  return section(
    'Differences',
    'In points, on the same seeds and problems. Holm’s p is the larger of both p, corrected for the comparisons of the same question. “Tells” is the smallest difference that a study of this size finds in four of five cases; the last column has the seeds that the difference seen would take.',
    html`<div class="scroll"><table class="counts"><thead><tr><th></th><th scope="col">Points</th><th scope="col">95% interval</th><th scope="col">Mixed-effects</th><th scope="col">Exact</th><th scope="col">Holm</th><th scope="col">Tells</th><th scope="col">Seeds</th></tr></thead><tbody>${comparisons.map(row)}</tbody></table></div>`,
  )
}

function tasksSection(summary: StudySummary): Html {
  const { arms, tasks } = summary
  const cell = (arm: StudyArm, { mean, low, high }: Estimate) =>
    html`<td class="${toneOf(arm, summary)}" title="${percent(low)} to ${percent(high)}"><div class="cell"><b>${(100 * mean).toFixed(0)}</b><span class="track"><i class="fill" style="width:${percent(mean)}%"></i><i class="whisker" style="left:${percent(low)}%;width:${percent(high - low)}%"></i></span><small>${(100 * low).toFixed(0)}–${(100 * high).toFixed(0)}</small></div></td>`
  const charts = tasks.map((task) => {
    const rows = arms.map((arm): ChartRow => {
      const { mean: value, low, high } = arm.tasks[task]!
      const dots = arm.bySeed.map(({ seed, tasks: own }) => ({ seed, value: own[task] ?? 0 }))
      return { label: armText(arm, summary), tone: toneOf(arm, summary), dots, mean: { value, low, high } }
    })
    return html`<figure><figcaption><b>${task}</b></figcaption>${dotChart(rows, `${task}, every seed, mean and interval`)}</figure>`
  })
  return section(
    'Task by task',
    'Mean success in percent over training seeds, with its 95% interval. With few problems a task the intervals are wide: read single tasks with care.',
    html`<div class="scroll"><table class="tasks"><thead><tr><th scope="col">Task</th>${arms.map((arm) => html`<th scope="col" class="${toneOf(arm, summary)}"><i class="key"></i>${armText(arm, summary)}</th>`)}</tr></thead><tbody>${tasks.map((task) => html`<tr class="task"><th scope="row">${task}</th>${arms.map((arm) => cell(arm, arm.tasks[task]!))}</tr>`)}</tbody><tbody class="groups"><tr class="overall"><th scope="row">overall</th>${arms.map((arm) => cell(arm, arm.overall))}</tr></tbody></table></div>
<details><summary>Every seed in every task</summary><div class="figures">${charts}</div></details>`,
  )
}

function planSection({ variants, done, planned, seeds, problems, tasks }: StudySummary, plan: unknown): Html {
  const settings = (values: Readonly<Record<string, unknown>>) =>
    Object.entries(values)
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .join(', ') || 'as configured'
  const design = { seeds: seeds.length, problems, tasks: tasks.length, comparisons: Math.max(1, variants.length - 1) }
  const expected = detectable(ASSUMED, design)
  return section(
    'The study',
    `${done} of ${planned} trainings are finished.`,
    html`<div class="card"><h3>Variants</h3><dl>${variants.map(({ name, settings: own }) => html`<dt>${name}</dt><dd>${settings(own)}</dd>`)}</dl></div>
<p class="lead">${expected <= 1 && `Before the first training, such a study was expected to find differences of ${(100 * expected).toFixed(1)} points in four of five cases.`}</p>
<details><summary>The plan</summary><pre>${JSON.stringify(plan, null, 2) ?? ''}</pre></details>`,
  )
}
