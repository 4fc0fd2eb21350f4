/** report.html: one page with the results of a run and its settings, without scripts and links. */
import { message } from '../messages/message.ts'
import type { PairCounts } from '../preferences/pairs.ts'
import type { UnsolvedTask } from '../preferences/unsolved.ts'
import { TRAINED_ON } from '../training/truncate.ts'
import { armName, CONTROLS, shortArmName } from './arms.ts'
import { curvesSection } from './curves.ts'
import { htmlDocument } from './document.ts'
import { type Arm, type Cell, failures, faults, type Row } from './evaluate.ts'
import { examplesSection } from './examples.ts'
import { points, pValue } from './figures.ts'
import { type Html, html } from './html.ts'
import { section } from './section.ts'
import type { Interval, Paired } from './statistics.ts'
import { tone } from './style.ts'
import { comparisons, type ReportData, type RoundTruncation, type Summary } from './summary.ts'
import { type Comparison, findingMessage, standingApart } from './verdict.ts'
import { englishWords, sentenceGap, type Words } from './words.ts'

/** The whole document, in the language of `words`. */
export function reportPage(data: ReportData, summary: Summary, words: Words = englishWords): string {
  const { t } = words
  const date = new Date(data.run.started).toISOString().slice(0, 16).replace('T', ' ')
  const body = html`<header>
<p class="kicker">${t('report.kicker', { run: data.run.id })}</p>
<h1>${data.run.name}</h1>
<p class="date">${date} UTC</p>
</header>
<main>
${verdictSection(summary, words)}
${armsSection(summary, words)}
${tasksSection(summary, words)}
${pairedSection(summary, words)}
${curvesSection(data.metrics, words)}
${pairsSection(data.pairs, words)}
${unsolvedSection(data.unsolved, words)}
${lengthsSection(data.truncations, words)}
${failuresSection(data.arms, words)}
${examplesSection(data.examples, words)}
${runSection(data, words)}
</main>
<footer>${t('report.footer')}</footer>`
  return htmlDocument(data.run.name, body, words.language)
}

function verdictSection({ arms, against, verdict }: Summary, { t, say }: Words): Html {
  const { base, sft, dpo } = arms
  const change = against.sft
  const tile = (label: string, value: string, detail: string, tone: string) =>
    html`<div class="tile ${tone}"><p class="label">${label}</p><p class="value">${value}</p><p class="detail">${detail}</p></div>`
  return html`<section class="verdict">
<div class="tiles">
${base !== undefined && tile(say(armName('base')), percent(base.success), t('report.ofEpisodes', { interval: interval(base), count: base.n }), 'c-other')}
${sft !== undefined && tile('SFT', percent(sft.success), t('report.ofEpisodes', { interval: interval(sft), count: sft.n }), 'c-sft')}
${dpo !== undefined && tile('DPO', percent(dpo.success), t('report.ofEpisodes', { interval: interval(dpo), count: dpo.n }), 'c-dpo')}
${
  change !== undefined &&
  tile(
    t('report.change'),
    points(change.difference),
    t('report.changeInterval', { low: points(change.low), high: points(change.high), p: pValue(change.p) }),
    'c-text',
  )
}
</div>
${verdict.map((finding, i) => html`<p class="${i === 0 ? 'sentence first' : 'sentence'}">${say(findingMessage(finding))}</p>`)}
${verdict.length > 0 && html`<p class="lead">${t('oneSeed')}</p>`}
</section>`
}

function armsSection({ table: { arms, overall }, against }: Summary, words: Words): Html {
  const { t, say } = words
  const control = CONTROLS.find((name) => name in against)
  return section(
    t('report.arms'),
    [
      t('report.armsLead'),
      ...(arms.includes('base') ? [t('report.armsBase')] : []),
      ...(control === undefined ? [] : [t('report.armsControls', { arm: armName(against[control]!.arm) })]),
    ].join(sentenceGap(words)),
    html`<div class="bars">${arms.map((arm) => bar(arm, overall.cells[arm]!, say(armName(arm))))}</div>`,
  )
}

function bar(arm: string, cell: Cell, name: string): Html {
  return html`<div class="bar ${tone(arm)}"><span class="name">${name}</span>${track(cell)}<span class="figure"><b>${percent(cell.success)}</b> ${interval(cell)}</span></div>`
}

/** A bar from 0 to the success, with the interval as a whisker over it. */
function track({ success, n, low, high }: Cell): Html {
  if (n === 0) return html`<span class="track"></span>`
  const at = (value: number) => (100 * value).toFixed(2)
  return html`<span class="track"><i class="fill" style="width:${at(success)}%"></i><i class="whisker" style="left:${at(low)}%;width:${at(high - low)}%"></i></span>`
}

function tasksSection({ table: { arms, tasks, categories, overall }, changes }: Summary, words: Words): Html {
  const { t, say } = words
  // The difference comes right after the two columns that it compares, the controls after it.
  const [own, controls] = [arms.filter(isMain), arms.filter((arm) => !isMain(arm))]
  const head = (arm: string) =>
    html`<th scope="col" class="${tone(arm)}"><i class="key"></i>${say(shortArmName(arm))}</th>`
  const shown = (row: Row, kind: string, between: Paired | undefined, name: string = row.name) =>
    html`<tr class="${kind}"><th scope="row">${name}</th>${own.map((arm) => cellHtml(arm, row.cells[arm]!, words))}<td class="change">${change(row, between, words)}</td>${controls.map((arm) => cellHtml(arm, row.cells[arm]!, words))}</tr>`
  return section(
    t('report.tasks'),
    t('report.tasksLead'),
    html`<div class="scroll"><table class="tasks">
<thead><tr><th scope="col">${t('report.task')}</th>${own.map(head)}<th scope="col" class="change">${t('report.change')}</th>${controls.map(head)}</tr></thead>
<tbody>${tasks.map((row) => shown(row, 'task', changes?.tasks[row.name]))}</tbody>
<tbody class="groups">${categories.length > 1 && categories.map((row) => shown(row, 'category', changes?.categories[row.name], categoryWord(row.name, words)))}</tbody>
<tbody class="groups">${shown(overall, 'overall', changes?.overall, t('report.overall'))}</tbody>
</table></div>`,
  )
}

const CATEGORIES = ['click', 'type', 'select', 'form', 'date', 'email', 'read', 'own'] as const

/** The name of a group of tasks; its id where the lab does not know it. */
function categoryWord(name: string, { t }: Words): string {
  const known = CATEGORIES.find((one) => one === name)
  return known === undefined ? name : t(`category.${known}`)
}

function isMain(arm: string): boolean {
  return arm === 'sft' || arm === 'dpo'
}

function cellHtml(arm: string, cell: Cell, { t }: Words): Html {
  if (cell.n === 0)
    return html`<td class="none">${cell.faults > 0 ? t('report.faults', { count: cell.faults }) : '–'}</td>`
  const faults = cell.faults > 0 ? `; ${t('report.faults', { count: cell.faults })}` : ''
  return html`<td class="${tone(arm)}" title="${cell.successes} / ${cell.n}${faults}"><div class="cell"><b>${(100 * cell.success).toFixed(0)}</b>${track(cell)}<small>${interval(cell)}</small></div></td>`
}

/** An arrow only where they differ by more than their intervals. */
const CHANGE_CLASSES = { better: 'up', worse: 'down', same: 'same' } as const

/** The difference on the same problems, with its interval. */
function change({ cells: { sft, dpo } }: Row, between: Paired | undefined, { t }: Words): Html | string {
  if (sft === undefined || dpo === undefined || between === undefined || between.n === 0) return '–'
  const { difference, low, high } = between
  return html`<span class="${CHANGE_CLASSES[standingApart(dpo, sft)]}">${points(difference)}</span><small>${t('report.range', { low: points(low), high: points(high) })}</small>`
}

function pairedSection(summary: Summary, { t }: Words): Html {
  const entries = comparisons(summary).filter(([, { n }]) => n > 0)
  if (entries.length === 0) return html``
  const row = ([other, outcome]: [string, Comparison]) => {
    const part = (kind: string, count: number, words: string) =>
      count > 0 && html`<i class="${kind}" style="flex-grow:${count}" title="${words}: ${count}">${count}</i>`
    const names = { arm: armName(outcome.arm), other: armName(other) }
    const figures = {
      difference: points(outcome.difference),
      low: points(outcome.low),
      high: points(outcome.high),
      p: pValue(outcome.p),
    }
    return html`<div class="paired"><p><b>${t('report.against', names)}</b><span>${t('report.pairedInterval', figures)}</span></p><div class="split">${[
      part('won', outcome.won, t('report.alone', { arm: names.arm })),
      part('both', outcome.both, t('report.both')),
      part('neither', outcome.neither, t('report.neither')),
      part('lost', outcome.lost, t('report.alone', { arm: names.other })),
    ]}</div></div>`
  }
  return section(
    t('report.paired'),
    html`${t('report.pairedLead')} <span class="word won">${t('report.first')}</span> <span class="word both">${t('report.both')}</span> <span class="word neither">${t('report.neither')}</span> <span class="word lost">${t('report.second')}</span>`,
    entries.map(row),
  )
}

const COUNTS = [
  'episodes',
  'successes',
  'failures',
  'faults',
  'seeds',
  'seedsOnlySuccesses',
  'seedsOnlyFailures',
  'sameActions',
  'pageDiffers',
  'ended',
  'duplicates',
  'slips',
  'overCap',
  'hard',
] as const satisfies readonly Exclude<keyof PairCounts, 'pairs'>[]

function pairsSection(rounds: ReportData['pairs'], { t }: Words): Html {
  if (rounds.length === 0) return html``
  const names = COUNTS.filter((name) => rounds.some(({ counts }) => counts[name] > 0))
  const row = (words: string, name: keyof PairCounts, kind: string) =>
    html`<tr class="${kind}"><th scope="row">${words}</th>${rounds.map(({ counts }) => html`<td>${counts[name]}</td>`)}</tr>`
  return section(
    t('report.pairs'),
    t('report.pairsLead'),
    html`<div class="scroll"><table class="counts"><thead><tr><th></th>${rounds.map(({ round }) => html`<th scope="col">${t('report.round', { round })}</th>`)}</tr></thead><tbody>${names.map((name) => row(t(`count.${name}`), name, ''))}${row(t('report.pairsLeft'), 'pairs', 'overall')}</tbody></table></div>`,
  )
}

/** The most tasks that are named. */
const MOST_UNSOLVED = 5

function unsolvedSection(unsolved: readonly UnsolvedTask[], { t }: Words): Html {
  if (unsolved.length === 0) return html``
  const row = ({ task, seed, unsolved: never, problems, share }: UnsolvedTask) =>
    html`<tr><th scope="row">${task}</th><td>${t('report.ofProblems', { never, problems })}</td><td>${percent(share)}</td><td>${seed}</td></tr>`
  return section(
    t('report.unsolved'),
    t('report.unsolvedLead'),
    html`<div class="scroll"><table class="counts"><thead><tr><th></th><th scope="col">${t('report.never')}</th><th scope="col">${t('report.share')}</th><th scope="col">${t('report.oneSeedOf')}</th></tr></thead><tbody>${unsolved.slice(0, MOST_UNSOLVED).map(row)}</tbody></table></div>`,
  )
}

function lengthsSection(truncations: ReportData['truncations'], { t }: Words): Html {
  if (truncations.length === 0) return html``
  const row = ({ stage, round, what, of, cut, dropped, max_length }: RoundTruncation) =>
    html`<tr><th scope="row">${round > 0 ? t('report.trainedOnRound', { stage, round, what: message(TRAINED_ON[what]) }) : t('report.trainedOn', { stage, what: message(TRAINED_ON[what]) })}</th><td>${of}</td><td>${max_length}</td><td>${cut}</td><td>${dropped}</td></tr>`
  return section(
    t('report.lengths'),
    t('report.lengthsLead'),
    html`<div class="scroll"><table class="counts"><thead><tr><th></th><th scope="col">${t('report.number')}</th><th scope="col">max_length</th><th scope="col">${t('report.cut')}</th><th scope="col">${t('report.leftOut')}</th></tr></thead><tbody>${truncations.map(row)}</tbody></table></div>`,
  )
}

function failuresSection(arms: readonly Arm[], { t, say }: Words): Html {
  const shown = arms.filter(({ episodes }) => episodes.some(({ outcome }) => outcome !== 'success'))
  if (shown.length === 0) return html``
  const list = (arm: Arm) => {
    const failed = failures(arm.episodes).slice(0, 8)
    const broken = faults(arm.episodes).slice(0, 4)
    const most = failed[0]?.[1] ?? broken[0]?.[1] ?? 1
    const item = (kind: string, words: string, count: number) =>
      html`<li class="${kind}"><span class="reason">${words}</span><span class="amount"><i style="width:${((100 * count) / most).toFixed(1)}%"></i></span><b>${count}</b></li>`
    return html`<div class="card ${tone(arm.name)}"><h3><i class="key"></i>${say(armName(arm.name))}</h3><ul>${failed.map(([reason, count]) => item('', t(`failure.${reason}`), count))}${broken.map(([fault, count]) => item('fault', t('report.fault', { fault }), count))}</ul></div>`
  }
  return section(t('report.failures'), t('report.failuresLead'), html`<div class="cards">${shown.map(list)}</div>`)
}

function runSection({ wall, facts, settings }: ReportData, words: Words): Html {
  const { t } = words
  const stages = Object.entries(wall)
  const longest = Math.max(1e-9, ...stages.map(([, seconds]) => seconds))
  const total = stages.reduce((sum, [, seconds]) => sum + seconds, 0)
  return section(
    t('report.run'),
    t('report.inAll', { time: duration(total, words) }),
    html`<div class="cards">
<div class="card"><h3>${t('report.time')}</h3><ul>${stages.map(([stage, seconds]) => html`<li><span class="reason">${stageWord(stage, words)}</span><span class="amount"><i style="width:${((100 * seconds) / longest).toFixed(1)}%"></i></span><b>${duration(seconds, words)}</b></li>`)}</ul></div>
<div class="card"><h3>${t('report.facts')}</h3><dl>${Object.entries(facts).map(([name, value]) => html`<dt>${factWord(name, words)}</dt><dd>${typeof value === 'string' ? value : words.say(value)}</dd>`)}</dl></div>
</div>
<details><summary>${t('report.settings')}</summary><pre>${JSON.stringify(settings, null, 2) ?? ''}</pre></details>`,
  )
}

const FACTS = ['model', 'engine', 'processor', 'versions', 'prompt', 'reference', 'round', 'seed', 'answers'] as const

/** The name of a fact; as it is where the lab does not know it. */
function factWord(name: string, { t }: Words): string {
  const known = FACTS.find((one) => one === name)
  return known === undefined ? name : t(`fact.${known}`)
}

const STAGES = ['verify', 'golden', 'sft', 'collect', 'dpo', 'validate', 'evaluate'] as const

/** The name of a stage, with its round where `wall` has it: "collect 2". */
function stageWord(name: string, { t }: Words): string {
  const [stage, round] = name.split(' ')
  const known = STAGES.find((one) => one === stage)
  if (known === undefined) return name
  return round === undefined ? t(`stage.${known}`) : `${t(`stage.${known}`)} ${round}`
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)}%`
}

function interval({ low, high }: Interval): string {
  return `${(100 * low).toFixed(0)}–${(100 * high).toFixed(0)}`
}

function duration(seconds: number, { t }: Words): string {
  if (seconds < 60) return t('report.seconds', { seconds: seconds < 10 ? seconds.toFixed(1) : Math.round(seconds) })
  const whole = Math.round(seconds)
  return t('report.minutes', { minutes: Math.floor(whole / 60), seconds: whole % 60 })
}
