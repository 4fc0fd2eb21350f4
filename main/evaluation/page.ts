/** report.html: one page with the results of a run and its settings, without scripts and links. */
import { message } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import type { PairCounts } from '../preferences/pairs.ts'
import type { UnsolvedTask } from '../preferences/unsolved.ts'
import { TRAINED_ON } from '../training/truncate.ts'
import { CONTROLS } from './arms.ts'
import { curvesSection } from './curves.ts'
import { htmlDocument } from './document.ts'
import { type Arm, type Cell, failures, faults, type Row } from './evaluate.ts'
import { points, pValue } from './figures.ts'
import { type Html, html } from './html.ts'
import { armLabel, shortArmLabel } from './labels.ts'
import { section } from './section.ts'
import type { Interval } from './statistics.ts'
import { tone } from './style.ts'
import { comparisons, type ReportData, type RoundTruncation, type Summary } from './summary.ts'
import { type Comparison, findingMessage, standingApart } from './verdict.ts'

/** The whole document. */
export function reportPage(data: ReportData, summary: Summary): string {
  const date = new Date(data.run.started).toISOString().slice(0, 16).replace('T', ' ')
  const body = html`<header>
<p class="kicker">DPO-Driver · run ${data.run.id}</p>
<h1>${data.run.name}</h1>
<p class="date">${date} UTC</p>
</header>
<main>
${verdictSection(summary)}
${armsSection(summary)}
${tasksSection(summary)}
${pairedSection(summary)}
${curvesSection(data.metrics)}
${pairsSection(data.pairs)}
${unsolvedSection(data.unsolved)}
${lengthsSection(data.truncations)}
${failuresSection(data.arms)}
${runSection(data)}
</main>
<footer>Success means a raw reward of exactly 1. Intervals are Wilson's, 95%; differences are paired, tested with McNemar's exact test. An episode that the browser or a page broke in every try is shown as a fault. Its problem is counted for no policy.</footer>`
  return htmlDocument(data.run.name, body)
}

function verdictSection({ arms, against, verdict }: Summary): Html {
  const { base, sft, dpo } = arms
  const change = against.sft
  const tile = (label: string, value: string, detail: string, tone: string) =>
    html`<div class="tile ${tone}"><p class="label">${label}</p><p class="value">${value}</p><p class="detail">${detail}</p></div>`
  return html`<section class="verdict">
<div class="tiles">
${base !== undefined && tile('Base model', percent(base.success), `${interval(base)} of ${base.n} episodes`, 'c-other')}
${sft !== undefined && tile('SFT', percent(sft.success), `${interval(sft)} of ${sft.n} episodes`, 'c-sft')}
${dpo !== undefined && tile('DPO', percent(dpo.success), `${interval(dpo)} of ${dpo.n} episodes`, 'c-dpo')}
${
  change !== undefined &&
  tile(
    'Change',
    points(change.difference),
    `${points(change.low)} to ${points(change.high)} points, ${pValue(change.p)}`,
    'c-text',
  )
}
</div>
${verdict.map((finding, i) => html`<p class="${i === 0 ? 'sentence first' : 'sentence'}">${english(findingMessage(finding))}</p>`)}
${verdict.length > 0 && html`<p class="lead">${english(message('oneSeed'))}</p>`}
</section>`
}

function armsSection({ table: { arms, overall }, against }: Summary): Html {
  const control = CONTROLS.find((name) => name in against)
  return section(
    'Success of every policy',
    `All of them played the same problems, greedily, none of which was seen in training.${
      arms.includes('base') ? ' The base model is the one before any training.' : ''
    }${
      control === undefined
        ? ''
        : ` The controls learned from the same episodes, with the same number of steps, as ${armLabel(against[control]!.arm)}.`
    }`,
    html`<div class="bars">${arms.map((arm) => bar(arm, overall.cells[arm]!))}</div>`,
  )
}

function bar(arm: string, cell: Cell): Html {
  return html`<div class="bar ${tone(arm)}"><span class="name">${armLabel(arm)}</span>${track(cell)}<span class="figure"><b>${percent(cell.success)}</b> ${interval(cell)}</span></div>`
}

/** A bar from 0 to the success, with the interval as a whisker over it. */
function track({ success, n, low, high }: Cell): Html {
  if (n === 0) return html`<span class="track"></span>`
  const at = (value: number) => (100 * value).toFixed(2)
  return html`<span class="track"><i class="fill" style="width:${at(success)}%"></i><i class="whisker" style="left:${at(low)}%;width:${at(high - low)}%"></i></span>`
}

function tasksSection({ table: { arms, tasks, categories, overall } }: Summary): Html {
  // The difference comes right after the two columns that it compares, the controls after it.
  const [own, controls] = [arms.filter(isMain), arms.filter((arm) => !isMain(arm))]
  const head = (arm: string) => html`<th scope="col" class="${tone(arm)}"><i class="key"></i>${shortArmLabel(arm)}</th>`
  const shown = (row: Row, kind: string) =>
    html`<tr class="${kind}"><th scope="row">${row.name}</th>${own.map((arm) => cellHtml(arm, row.cells[arm]!))}<td class="change">${change(row)}</td>${controls.map((arm) => cellHtml(arm, row.cells[arm]!))}</tr>`
  return section(
    'Task by task',
    'Success in percent with its 95% interval; the change is DPO minus SFT in points. With few episodes a task the intervals are wide: read single tasks with care.',
    html`<div class="scroll"><table class="tasks">
<thead><tr><th scope="col">Task</th>${own.map(head)}<th scope="col" class="change">Change</th>${controls.map(head)}</tr></thead>
<tbody>${tasks.map((row) => shown(row, 'task'))}</tbody>
<tbody class="groups">${categories.length > 1 && categories.map((row) => shown(row, 'category'))}</tbody>
<tbody class="groups">${shown(overall, 'overall')}</tbody>
</table></div>`,
  )
}

function isMain(arm: string): boolean {
  return arm === 'sft' || arm === 'dpo'
}

function cellHtml(arm: string, cell: Cell): Html {
  if (cell.n === 0) return html`<td class="none">${cell.faults > 0 ? `${cell.faults} faults` : '–'}</td>`
  const faults = cell.faults > 0 ? `, ${cell.faults} faults` : ''
  return html`<td class="${tone(arm)}" title="${cell.successes} of ${cell.n}${faults}"><div class="cell"><b>${(100 * cell.success).toFixed(0)}</b>${track(cell)}<small>${interval(cell)}</small></div></td>`
}

/** An arrow only where they differ by more than their intervals. */
const CHANGE_CLASSES = { better: 'up', worse: 'down', same: 'same' } as const

function change({ cells: { sft, dpo } }: Row): Html | string {
  if (sft === undefined || dpo === undefined || sft.n === 0 || dpo.n === 0) return '–'
  const difference = dpo.success - sft.success
  return html`<span class="${CHANGE_CLASSES[standingApart(dpo, sft)]}">${points(Math.round(100 * difference) / 100).replace(/\.0$/, '')}</span>`
}

function pairedSection(summary: Summary): Html {
  const entries = comparisons(summary).filter(([, { n }]) => n > 0)
  if (entries.length === 0) return html``
  const row = ([other, outcome]: [string, Comparison]) => {
    const part = (kind: string, count: number, words: string) =>
      count > 0 && html`<i class="${kind}" style="flex-grow:${count}" title="${words}: ${count}">${count}</i>`
    return html`<div class="paired"><p><b>${armLabel(outcome.arm)} against ${armLabel(other)}</b><span>${points(outcome.difference)} points (${points(outcome.low)} to ${points(outcome.high)}), ${pValue(outcome.p)}</span></p><div class="split">${[
      part('won', outcome.won, `${armLabel(outcome.arm)} alone`),
      part('both', outcome.both, 'both'),
      part('neither', outcome.neither, 'neither'),
      part('lost', outcome.lost, `${armLabel(other)} alone`),
    ]}</div></div>`
  }
  return section(
    'The same problems, side by side',
    html`Each problem is solved by <span class="word won">the first alone</span>, by <span class="word both">both</span>, by <span class="word neither">neither</span>, or by <span class="word lost">the second alone</span>. Only what one alone solved says which policy is better.`,
    entries.map(row),
  )
}

const COUNT_WORDS: Readonly<Record<Exclude<keyof PairCounts, 'pairs'>, string>> = {
  episodes: 'attempts',
  successes: 'succeeded',
  failures: 'failed',
  faults: 'broken by the browser or a page, not used',
  seeds: 'problems attempted',
  seedsOnlySuccesses: 'problems without a failure, nothing to compare',
  seedsOnlyFailures: 'problems without a success, nothing to compare',
  sameActions: 'failures with the very actions of a success',
  pageDiffers: 'failures whose page differed after the same actions',
  ended: 'failures that ended before they parted from a success',
  duplicates: 'the same pair again',
  slips: 'a slip of sampling, far less likely than the success',
  overCap: 'beyond the limit for one problem',
  hard: 'pairs with a hard negative',
}

function pairsSection(rounds: ReportData['pairs']): Html {
  if (rounds.length === 0) return html``
  const names = (Object.keys(COUNT_WORDS) as (keyof typeof COUNT_WORDS)[]).filter((name) =>
    rounds.some(({ counts }) => counts[name] > 0),
  )
  const row = (words: string, name: keyof PairCounts, kind: string) =>
    html`<tr class="${kind}"><th scope="row">${words}</th>${rounds.map(({ counts }) => html`<td>${counts[name]}</td>`)}</tr>`
  return section(
    'Where the pairs came from',
    'Two attempts at one problem, cut at the first differing action: the one that succeeded is chosen, the one that failed rejected. What was thrown away, and why:',
    html`<div class="scroll"><table class="counts"><thead><tr><th></th>${rounds.map(({ round }) => html`<th scope="col">Round ${round}</th>`)}</tr></thead><tbody>${names.map((name) => row(COUNT_WORDS[name], name, ''))}${row('pairs to learn from', 'pairs', 'overall')}</tbody></table></div>`,
  )
}

/** The most tasks that are named. */
const MOST_UNSOLVED = 5

function unsolvedSection(unsolved: readonly UnsolvedTask[]): Html {
  if (unsolved.length === 0) return html``
  const row = ({ task, seed, unsolved: never, problems, share }: UnsolvedTask) =>
    html`<tr><th scope="row">${task}</th><td>${never} of ${problems}</td><td>${percent(share)}</td><td>${seed}</td></tr>`
  return section(
    'Which golden sample would help most',
    'Problems that no attempt solved give no pairs, so only a golden sample can teach them. Record one of the first task, in the window under Live.',
    html`<div class="scroll"><table class="counts"><thead><tr><th></th><th scope="col">Never solved</th><th scope="col">Of all problems</th><th scope="col">Seed of one</th></tr></thead><tbody>${unsolved.slice(0, MOST_UNSOLVED).map(row)}</tbody></table></div>`,
  )
}

function lengthsSection(truncations: ReportData['truncations']): Html {
  if (truncations.length === 0) return html``
  const row = ({ stage, round, what, of, cut, dropped, max_length }: RoundTruncation) =>
    html`<tr><th scope="row">${stage}${round > 0 && `, round ${round}`}: ${english(message(TRAINED_ON[what]))}</th><td>${of}</td><td>${max_length}</td><td>${cut}</td><td>${dropped}</td></tr>`
  return section(
    'What was too long for training',
    'Prompt and answer together kept their first max_length tokens. What has a prompt of that length was left out.',
    html`<div class="scroll"><table class="counts"><thead><tr><th></th><th scope="col">Number</th><th scope="col">max_length</th><th scope="col">Cut</th><th scope="col">Left out</th></tr></thead><tbody>${truncations.map(row)}</tbody></table></div>`,
  )
}

function failuresSection(arms: readonly Arm[]): Html {
  const shown = arms.filter(({ episodes }) => episodes.some(({ outcome }) => outcome !== 'success'))
  if (shown.length === 0) return html``
  const list = (arm: Arm) => {
    const failed = failures(arm.episodes).slice(0, 8)
    const broken = faults(arm.episodes).slice(0, 4)
    const most = failed[0]?.[1] ?? broken[0]?.[1] ?? 1
    const item = (kind: string, words: string, count: number) =>
      html`<li class="${kind}"><span class="reason">${words}</span><span class="amount"><i style="width:${((100 * count) / most).toFixed(1)}%"></i></span><b>${count}</b></li>`
    return html`<div class="card ${tone(arm.name)}"><h3><i class="key"></i>${armLabel(arm.name)}</h3><ul>${failed.map(([reason, count]) => item('', english(message(`failure.${reason}`)), count))}${broken.map(([fault, count]) => item('fault', `fault: ${english(fault)}`, count))}</ul></div>`
  }
  return section(
    'Why attempts failed',
    'The most frequent causes for each policy.',
    html`<div class="cards">${shown.map(list)}</div>`,
  )
}

function runSection({ wall, facts, settings }: ReportData): Html {
  const stages = Object.entries(wall)
  const longest = Math.max(1e-9, ...stages.map(([, seconds]) => seconds))
  const total = stages.reduce((sum, [, seconds]) => sum + seconds, 0)
  return section(
    'The run',
    `${duration(total)} in all.`,
    html`<div class="cards">
<div class="card"><h3>Time</h3><ul>${stages.map(([stage, seconds]) => html`<li><span class="reason">${stage}</span><span class="amount"><i style="width:${((100 * seconds) / longest).toFixed(1)}%"></i></span><b>${duration(seconds)}</b></li>`)}</ul></div>
<div class="card"><h3>What it ran on</h3><dl>${Object.entries(facts).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></div>
</div>
<details><summary>All settings</summary><pre>${JSON.stringify(settings, null, 2) ?? ''}</pre></details>`,
  )
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)}%`
}

function interval({ low, high }: Interval): string {
  return `${(100 * low).toFixed(0)}–${(100 * high).toFixed(0)}`
}

function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}
