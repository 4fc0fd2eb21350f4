/** The results of a study as figures: the content of study.json, which report, terminal and window put into words. */
import { CONTROLS } from '../arms.ts'
import type { Arm, Played } from '../evaluate.ts'
import { type Standing, standing } from '../verdict.ts'
import { bootstrapMeans, type Estimate } from './bootstrap.ts'
import { type Crossed, crossed, type Table } from './crossed.ts'
import { holm } from './holm.ts'
import { detectable, seedsNeeded } from './power.ts'
import { signFlip } from './sign-flip.ts'

/** A training of a study that has been evaluated. */
export interface StudyRun {
  readonly variant: string
  /** The training seed. */
  readonly seed: number
  readonly run: number
  readonly arms: readonly Arm[]
  /** The digest of the adapter that played, by arm. */
  readonly adapters: Readonly<Record<string, string>>
}

export interface StudyData {
  readonly study: {
    readonly id: number
    readonly name: string /** Milliseconds since 1970. */
    readonly created: number
  }
  /** The variants in the plan's order, with the settings in which they differ. */
  readonly variants: readonly { readonly name: string; readonly settings: Readonly<Record<string, unknown>> }[]
  /** The members that are evaluated. */
  readonly runs: readonly StudyRun[]
  /** The number of members that are planned and not cancelled. */
  readonly planned: number
}

/** A policy of a variant, over all training seeds. */
export interface StudyArm {
  /** `dpo/beta 0.2`: its policy and its variant. */
  readonly id: string
  /** An id of arms.ts. */
  readonly policy: string
  /** Its variant; null where the policy is the same for all variants that have it. */
  readonly variant: string | null
  readonly overall: Estimate
  readonly tasks: Readonly<Record<string, Estimate>>
  /** Success with each training seed, and in each task. */
  readonly bySeed: readonly {
    readonly seed: number
    readonly success: number
    readonly tasks: Readonly<Record<string, number>>
  }[]
}

/** Two arms on the same seeds and problems. */
export interface StudyComparison extends Crossed {
  /** Ids of arms. */
  readonly of: string
  readonly against: string
  readonly seeds: number
  /** p of the exact test of these trainings (sign-flip.ts). `p` is the mixed-effects test's, for new trainings. */
  readonly exact: number
  /** The larger of both after Holm's correction for `together` comparisons. The verdict follows it. */
  readonly adjusted: number
  readonly together: number
  readonly standing: Standing
  readonly bySeed: readonly { readonly seed: number; readonly difference: number }[]
  /** The smallest difference that a study of this size finds in four of five cases, by what was seen; null where it finds none. */
  readonly detectable: number | null
  /** Seeds that would find the difference seen in four of five cases, with these problems; null where 1000 would not. */
  readonly seedsNeeded: number | null
}

export interface StudySummary {
  readonly study: StudyData['study']
  readonly variants: StudyData['variants']
  readonly planned: number
  /** Trainings that are evaluated. */
  readonly done: number
  readonly seeds: readonly number[]
  readonly tasks: readonly string[]
  /** Problems that every arm played in every training without a fault, and those that are left out for one. */
  readonly problems: number
  readonly broken: number
  readonly arms: readonly StudyArm[]
  /** Those of one question stand together: first the variants against the first one, then DPO against SFT and controls. */
  readonly comparisons: readonly StudyComparison[]
}

/** Policies in the order of tables. Controls compare with DPO after its first round: they had as many steps. */
const POLICIES = ['base', 'sft', ...CONTROLS, 'dpo_round_1', 'dpo']

/** An arm while it is counted: a row of solved problems (1 or 0) for each training seed. */
interface Counted {
  readonly id: string
  readonly policy: string
  readonly variant: string
  readonly rows: ReadonlyMap<number, readonly number[]>
  /** What says, by training seed, that two arms are the same policy. */
  readonly prints: ReadonlyMap<number, string>
}

/** Counts the trainings of a study and compares its arms. Throws where no training is evaluated. */
export function summariseStudy({ study, variants, runs, planned }: StudyData): StudySummary {
  const { problems, broken } = sharedProblems(runs)
  const taskOf = problems.map(({ task }) => task)
  const tasks = [...new Set(taskOf)]
  const all = variants.flatMap(({ name }) => countedArms(name, runs, problems))
  // What members share was played once, and is one arm. It has the seeds of all of them.
  const arms = all.filter((arm) => sameAs(all, arm) === arm).map((arm) => withSeedsOf(all, arm))
  const found = (policy: string, variant: string) => {
    const own = all.find((arm) => arm.policy === policy && arm.variant === variant)
    return own && arms.find(({ id }) => id === sameAs(all, own).id)
  }
  const families = [
    variants.slice(1).map(({ name }) => [found('dpo', name), found('dpo', variants[0]?.name ?? '')] as const),
    ...variants.map(({ name }) => [
      [found('dpo', name), found('sft', name)] as const,
      ...CONTROLS.map((control) => [found('dpo_round_1', name) ?? found('dpo', name), found(control, name)] as const),
    ]),
  ]
  return {
    study,
    variants,
    planned,
    done: runs.length,
    seeds: [...new Set(runs.map(({ seed }) => seed))],
    tasks,
    problems: problems.length,
    broken,
    arms: arms.map((arm) => {
      const others = all.filter((other) => other.policy === arm.policy && sameAs(all, other).id !== arm.id)
      return {
        ...counts(arm, taskOf, tasks),
        variant: others.length === 0 && arm.policy !== 'dpo' ? null : arm.variant,
      }
    }),
    comparisons: families.flatMap((pairs) => compareTogether(pairs, taskOf)),
  }
}

interface Problem {
  readonly task: string
  readonly key: string
}

function problemOf({ task, seed, attempt }: Played): string {
  return JSON.stringify([task, seed, attempt])
}

/** The problems that every arm of every training played to an end. */
function sharedProblems(runs: readonly StudyRun[]): { problems: Problem[]; broken: number } {
  const all = new Map<string, Problem>()
  const times = new Map<string, number>()
  const played = runs.flatMap(({ arms }) => arms)
  for (const { episodes } of played) {
    for (const episode of episodes) {
      const key = problemOf(episode)
      all.set(key, { task: episode.task, key })
      if (episode.outcome !== 'fault') times.set(key, (times.get(key) ?? 0) + 1)
    }
  }
  const problems = [...all.values()].filter(({ key }) => times.get(key) === played.length)
  return { problems, broken: all.size - problems.length }
}

function countedArms(variant: string, runs: readonly StudyRun[], problems: readonly Problem[]): Counted[] {
  const own = runs.filter((run) => run.variant === variant)
  const hasRounds = own.some(({ arms }) => arms.some(({ name }) => name.startsWith('dpo_round_')))
  return POLICIES.filter((policy) => policy !== 'dpo_round_1' || hasRounds).flatMap((policy) => {
    const rows = new Map<number, number[]>()
    const prints = new Map<number, string>()
    for (const { seed, arms, adapters } of own) {
      const arm =
        arms.find(({ name }) => name === policy) ??
        (policy === 'dpo_round_1' ? arms.find(({ name }) => name === 'dpo') : undefined)
      if (arm === undefined) continue
      const solved = new Set(arm.episodes.filter(({ outcome }) => outcome === 'success').map(problemOf))
      const row = problems.map(({ key }) => Number(solved.has(key)))
      rows.set(seed, row)
      prints.set(seed, `${adapters[arm.name] ?? ''} ${row.join('')}`)
    }
    return rows.size === 0 ? [] : [{ id: `${policy}/${variant}`, policy, variant, rows, prints }]
  })
}

/**
 * The first arm that is the same policy in every training seed that both have; a study that is not finished has some seeds in
 * one variant only. DPO of two variants stays two arms: that they are alike is a result.
 */
function sameAs(all: readonly Counted[], arm: Counted): Counted {
  if (arm.policy === 'dpo') return arm
  return all.find((other) => other === arm || (other.policy === arm.policy && isAlike(other, arm))) ?? arm
}

function isAlike({ prints }: Counted, other: Counted): boolean {
  const shared = [...prints].filter(([seed]) => other.prints.has(seed))
  return shared.length > 0 && shared.every(([seed, print]) => other.prints.get(seed) === print)
}

function withSeedsOf(all: readonly Counted[], arm: Counted): Counted {
  const same = all.filter((other) => sameAs(all, other) === arm)
  const rows = new Map(same.flatMap((other) => [...other.rows]).sort(([a], [b]) => a - b))
  return { ...arm, rows }
}

function counts({ id, policy, rows }: Counted, taskOf: readonly string[], tasks: readonly string[]) {
  const { overall, tasks: byTask } = bootstrapMeans([...rows.values()], taskOf)
  const share = (row: readonly number[], task: string) => mean(row.filter((_, at) => taskOf[at] === task))
  return {
    id,
    policy,
    overall,
    tasks: Object.fromEntries(byTask),
    bySeed: [...rows].map(([seed, row]) => ({
      seed,
      success: mean(row),
      tasks: Object.fromEntries(tasks.map((task) => [task, share(row, task)])),
    })),
  }
}

/** Compares pairs of arms as one question: Holm's correction is for all of them. Leaves out what has fewer than two seeds. */
function compareTogether(
  pairs: readonly (readonly [Counted | undefined, Counted | undefined])[],
  taskOf: readonly string[],
): StudyComparison[] {
  const compared = pairs.flatMap(([of, against]) => {
    if (of === undefined || against === undefined || taskOf.length === 0) return []
    const seeds = [...of.rows.keys()].filter((seed) => against.rows.has(seed))
    if (seeds.length < 2) return []
    const table: Table = seeds.map((seed) => {
      const other = against.rows.get(seed)!
      return of.rows.get(seed)!.map((solved, at) => solved - other[at]!)
    })
    const test = crossed(table, taskOf)
    const exact = signFlip(taskOf.map((_, at) => table.reduce((sum, row) => sum + row[at]!, 0)))
    const bySeed = seeds.map((seed, at) => ({ seed, difference: mean(table[at]!) }))
    return [{ ...test, of: of.id, against: against.id, seeds: seeds.length, exact, bySeed }]
  })
  const adjusted = holm(compared.map(({ p, exact }) => Math.max(p, exact)))
  return compared.map((one, at) => {
    const design = {
      seeds: one.seeds,
      problems: taskOf.length,
      tasks: new Set(taskOf).size,
      comparisons: compared.length,
    }
    const least = detectable(one.components, design)
    return {
      ...one,
      // Shares differ by 1 at most.
      low: Math.max(-1, one.low),
      high: Math.min(1, one.high),
      adjusted: adjusted[at]!,
      together: compared.length,
      standing: standing({ difference: one.difference, p: adjusted[at]! }),
      // No difference is greater than 1, and JSON has no Infinity.
      detectable: least > 1 ? null : least,
      seedsNeeded: seedsNeeded(Math.abs(one.difference), one.components, design),
    }
  })
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}
