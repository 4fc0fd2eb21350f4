/** What a run found, as figures: the content of summary.json, and what the report and the terminal say in words. */

import type { PairCounts } from '../preferences/pairs.ts'
import type { Metric } from '../store/metrics.ts'
import { type Arm, type Cell, compare, type SuccessTable, successTable } from './evaluate.ts'
import type { Interval, Paired } from './statistics.ts'

/** Everything a report is made from. */
export interface ReportData {
  readonly run: { readonly id: number; readonly name: string /** Milliseconds since 1970. */; readonly started: number }
  /** The policies, each on the same problems: `sft`, `dpo`, the controls and earlier rounds, as far as they were played. */
  readonly arms: readonly Arm[]
  /** A task's group in the table. */
  readonly categoryOf: (task: string) => string
  /** Training's metrics of all stages, rounds and arms. */
  readonly metrics: readonly Metric[]
  /** What became of the episodes of each round. */
  readonly pairs: readonly { readonly round: number; readonly counts: PairCounts }[]
  /** Wall seconds by stage, in the order they ran; where a stage went round, by stage and round. */
  readonly wall: Readonly<Record<string, number>>
  /** Facts worth a line: the model, the engine, which reference was used. */
  readonly facts: Readonly<Record<string, string>>
  /** Every setting the run worked with. */
  readonly settings: unknown
}

export interface ArmSummary extends Interval {
  readonly success: number
  readonly n: number
  readonly faults: number
}

/** One policy of DPO's against another policy. */
export interface Comparison extends Paired {
  /**
   * 'dpo'; against a control, where there were several rounds, 'dpo_round_1': the one whose episodes and steps the controls
   * had as well.
   */
  readonly arm: string
}

export interface Summary {
  readonly arms: Readonly<Record<string, ArmSummary>>
  readonly table: SuccessTable
  /** DPO against every other arm, on the problems both played. */
  readonly against: Readonly<Record<string, Comparison>>
  /** Sentences on whether DPO learned anything, whether training it again helped, and whether it had to be DPO. */
  readonly verdict: readonly string[]
}

/** Names for people. Arms that are not listed are called by their own name. */
const LABELS: Readonly<Record<string, string>> = {
  base: 'Base model',
  sft: 'SFT',
  dpo: 'DPO',
  dpo_before: 'DPO before training again',
  success_sft: 'SFT on own successes',
  nll_chosen: 'NLL on chosen',
  replay: 'Golden replay only',
}

/** ... and for the heads of narrow columns. */
const SHORT_LABELS: Readonly<Record<string, string>> = {
  success_sft: 'Own successes',
  replay: 'Replay only',
  dpo_before: 'DPO before',
}

const ALL = new Intl.ListFormat('en', { type: 'conjunction' })

export function armLabel(arm: string): string {
  return LABELS[arm] ?? arm.replace(/^dpo_round_/, 'DPO, round ').replaceAll('_', ' ')
}

export function shortArmLabel(arm: string): string {
  return SHORT_LABELS[arm] ?? armLabel(arm)
}

/** Counts, compares and judges. */
export function summarise(data: Pick<ReportData, 'arms' | 'categoryOf'>): Summary {
  const table = successTable(data.arms, data.categoryOf)
  const dpo = data.arms.find(({ name }) => name === 'dpo')
  const firstRound = data.arms.find(({ name }) => name === 'dpo_round_1') ?? dpo
  const others = data.arms.filter((arm) => dpo !== undefined && arm !== dpo)
  const against = Object.fromEntries(
    others.map((other): [string, Comparison] => {
      const arm = (CONTROLS.includes(other.name) ? firstRound : dpo)!
      return [other.name, { arm: arm.name, ...compare(arm, other) }]
    }),
  )
  const arms = Object.fromEntries(Object.entries(table.overall.cells).map(([name, cell]) => [name, armSummary(cell)]))
  return { arms, table, against, verdict: verdict(against) }
}

/**
 * summary.json: for each arm (in camel case: `successSft`) success, n, low, high and faults; `mcnemar` of DPO against
 * SFT; `against` with the paired outcomes of DPO and every other arm (`arm` says which round's DPO); `tasks`; `wall` seconds by stage.
 */
export function summaryJson(summary: Summary, wall: Readonly<Record<string, number>>): Record<string, unknown> {
  const camel = <T>(record: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [camelCase(name), value]))
  const sft = summary.against.sft
  return {
    ...camel(summary.arms),
    ...(sft === undefined ? {} : { mcnemar: { won: sft.won, lost: sft.lost, p: sft.p } }),
    against: camel(summary.against),
    tasks: Object.fromEntries(
      summary.table.tasks.map(({ name, cells }) => [
        name,
        camel(Object.fromEntries(Object.entries(cells).map(([arm, cell]) => [arm, armSummary(cell)]))),
      ]),
    ),
    wall,
  }
}

/** What a summary keeps of a cell. */
export function armSummary({ success, n, low, high, faults }: Cell): ArmSummary {
  return { success, n, low, high, faults }
}

/** A gain inside its interval is reported as none. */
function verdict(against: Summary['against']): string[] {
  const sentences: string[] = []
  const { sft, dpo_before: before } = against
  const result = ({ difference, low, high, p }: Comparison) =>
    `${points(difference)} points, 95% interval ${points(low)} to ${points(high)}, ${pValue(p)}`
  if (sft !== undefined) {
    sentences.push(
      sft.p >= 0.05
        ? `No measurable change from SFT to DPO (${result(sft)}).`
        : `DPO solves ${sft.difference > 0 ? 'more' : 'fewer'} problems than SFT: ${result(sft)}.`,
    )
  }
  if (before !== undefined) {
    sentences.push(
      before.p >= 0.05
        ? `Training again made no measurable difference (${result(before)}).`
        : `Trained again, DPO solves ${before.difference > 0 ? 'more' : 'fewer'} problems than before: ${result(before)}.`,
    )
  }
  const known = Object.entries(against).filter(([name]) => CONTROLS.includes(name))
  const beaten = known.filter(([, { difference, p }]) => difference > 0 && p < 0.05)
  const better = known.filter(([, { difference, p }]) => difference < 0 && p < 0.05)
  const equal = known.filter((entry) => !beaten.includes(entry) && !better.includes(entry))
  const names = (entries: typeof known) => ALL.format(entries.map(([name]) => armLabel(name)))
  const dpo = armLabel(known[0]?.[1].arm ?? 'dpo')
  if (beaten.length > 0) {
    const claim = beaten.length === known.length ? 'It had to be DPO: ' : ''
    sentences.push(`${claim}${dpo} beats ${names(beaten)}, from the same episodes and steps.`)
  }
  if (equal.length > 0) sentences.push(`No measurable difference between ${dpo} and ${names(equal)}.`)
  if (better.length > 0) sentences.push(`${dpo} is worse than ${names(better)}, from the same episodes and steps.`)
  return sentences
}

/** The arms that DPO has to beat to earn its place. */
export const CONTROLS: readonly string[] = ['success_sft', 'nll_chosen', 'replay']

/** +12.3, with a real minus sign. */
export function points(difference: number): string {
  const rounded = (100 * difference).toFixed(1)
  if (rounded === '0.0' || rounded === '-0.0') return '0.0'
  return difference < 0 ? rounded.replace('-', '−') : `+${rounded}`
}

export function pValue(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`
}

function camelCase(name: string): string {
  return name.replace(/_([a-z\d])/g, (_, first: string) => first.toUpperCase())
}
