/** The results of a run as figures: the content of summary.json, which report and terminal put into words. */

import type { Message } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import type { PairCounts } from '../preferences/pairs.ts'
import type { UnsolvedTask } from '../preferences/unsolved.ts'
import type { Metric } from '../store/metrics.ts'
import type { TrainedOn } from '../training/truncate.ts'
import { isControl } from './arms.ts'
import {
  type Arm,
  type Cell,
  type Changes,
  changesBetween,
  compare,
  onSharedProblems,
  type SuccessTable,
  successTable,
} from './evaluate.ts'
import type { ExampleEpisode } from './examples.ts'
import type { Interval } from './statistics.ts'
import { type Comparison, type Finding, verdictOf } from './verdict.ts'

/** Everything a report is made from. */
export interface ReportData {
  readonly run: { readonly id: number; readonly name: string /** Milliseconds since 1970. */; readonly started: number }
  /** The policies that were played, all on the same problems: `sft`, `dpo`, the controls and earlier rounds. */
  readonly arms: readonly Arm[]
  /** A task's group in the table. */
  readonly categoryOf: (task: string) => string
  /** The metrics of training, of all stages, rounds and arms. */
  readonly metrics: readonly Metric[]
  /** How many pairs each round's episodes gave, and why others gave none. */
  readonly pairs: readonly { readonly round: number; readonly counts: PairCounts }[]
  /** The tasks with problems that the last collection never solved, as `unsolvedTasks` orders them. */
  readonly unsolved: readonly UnsolvedTask[]
  /** What `max_length` cut or left out of the training data, by stage and round; empty where nothing was. */
  readonly truncations: readonly RoundTruncation[]
  /** Wall seconds by stage, in the order they ran; by stage and round if a stage ran in several rounds. */
  readonly wall: Readonly<Record<string, number>>
  /** Facts to show, a line each: the model, the engine, the reference. */
  readonly facts: Readonly<Record<string, string | Message>>
  /** Episodes that are shown step by step. */
  readonly examples: readonly ExampleEpisode[]
  /** All settings of the run. */
  readonly settings: unknown
}

/** Training data of one kind that was longer than `max_length`. */
export interface RoundTruncation {
  readonly stage: string
  readonly round: number
  readonly what: TrainedOn
  /** How many there were, how many of them were cut to `max_length` tokens, and how many left out. */
  readonly of: number
  readonly cut: number
  readonly dropped: number
  readonly max_length: number
}

export interface ArmSummary extends Interval {
  readonly success: number
  readonly n: number
  readonly faults: number
}

export interface Summary {
  readonly arms: Readonly<Record<string, ArmSummary>>
  readonly table: SuccessTable
  /** DPO compared with every other arm, on the problems that both played. */
  readonly against: Readonly<Record<string, Comparison>>
  /** SFT compared with the base model; empty where the base model did not play. */
  readonly sftAgainst: Readonly<Record<string, Comparison>>
  /** From SFT to DPO by task and group; null where one of them did not play. */
  readonly changes: Changes | null
  /** Whether DPO helped, whether training it again helped, and whether a control does as well. */
  readonly verdict: readonly Finding[]
}

/** All comparisons, each with the other arm: DPO's, then SFT's. */
export function comparisons({ against, sftAgainst }: Summary): [other: string, comparison: Comparison][] {
  return [...Object.entries(against), ...Object.entries(sftAgainst)]
}

/** Counts the episodes of the problems that all arms played, compares the arms, and reaches the verdict. */
export function summarise(data: Pick<ReportData, 'arms' | 'categoryOf'>): Summary {
  const played = onSharedProblems(data.arms)
  const table = successTable(played, data.categoryOf)
  const dpo = played.find(({ name }) => name === 'dpo')
  const firstRound = played.find(({ name }) => name === 'dpo_round_1') ?? dpo
  const others = played.filter((arm) => dpo !== undefined && arm !== dpo)
  const against = Object.fromEntries(
    others.map((other): [string, Comparison] => {
      const arm = (isControl(other.name) ? firstRound : dpo)!
      return [other.name, { arm: arm.name, ...compare(arm, other) }]
    }),
  )
  const arms = Object.fromEntries(Object.entries(table.overall.cells).map(([name, cell]) => [name, armSummary(cell)]))
  const [sft, base] = ['sft', 'base'].map((wanted) => played.find(({ name }) => name === wanted))
  const sftAgainst: Summary['sftAgainst'] =
    sft === undefined || base === undefined ? {} : { base: { arm: sft.name, ...compare(sft, base) } }
  const changes = sft === undefined || dpo === undefined ? null : changesBetween(dpo, sft, data.categoryOf)
  return { arms, table, against, sftAgainst, changes, verdict: verdictOf(against, sftAgainst) }
}

/**
 * summary.json: for each arm (in camel case: `successSft`) success, n, low, high and faults; `mcnemar` of DPO against
 * SFT; `against` with the paired outcomes of DPO and every other arm (`arm` says which round's DPO); `sftAgainst` the same
 * of SFT and the base model where that played; `verdict`, the conclusions; `tasks`; `wall` seconds by stage; `answers`, what
 * they were held to; `truncations` where `max_length` cut or left out something.
 */
export function summaryJson(
  summary: Summary,
  { wall, truncations, facts }: Pick<ReportData, 'wall' | 'truncations' | 'facts'>,
): Record<string, unknown> {
  const camel = <T>(record: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [camelCase(name), value]))
  const sft = summary.against.sft
  return {
    ...camel(summary.arms),
    ...(sft === undefined ? {} : { mcnemar: { won: sft.won, lost: sft.lost, p: sft.p } }),
    against: camel(summary.against),
    ...(Object.keys(summary.sftAgainst).length === 0 ? {} : { sftAgainst: summary.sftAgainst }),
    verdict: summary.verdict,
    tasks: Object.fromEntries(
      summary.table.tasks.map(({ name, cells }) => [
        name,
        camel(Object.fromEntries(Object.entries(cells).map(([arm, cell]) => [arm, armSummary(cell)]))),
      ]),
    ),
    wall,
    ...(facts.answers === undefined
      ? {}
      : { answers: typeof facts.answers === 'string' ? facts.answers : english(facts.answers) }),
    ...(truncations.length === 0 ? {} : { truncations }),
  }
}

/** A cell as a summary keeps it. */
export function armSummary({ success, n, low, high, faults }: Cell): ArmSummary {
  return { success, n, low, high, faults }
}

function camelCase(name: string): string {
  return name.replace(/_([a-z\d])/g, (_, first: string) => first.toUpperCase())
}
