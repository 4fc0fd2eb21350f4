/** Success tables: several arms (policies) that played the same problems. */
import type { Episode } from '../store/episode.ts'
import { type Interval, type Paired, paired, wilson } from './statistics.ts'

/** What counts of an episode. */
export type Played = Pick<Episode, 'task' | 'seed' | 'attempt' | 'outcome' | 'reason'>

/** What one policy did. */
export interface Arm {
  /** 'sft', 'dpo', 'success_sft', ... */
  readonly name: string
  readonly episodes: readonly Played[]
}

/** Success of one arm on some problems. */
export interface Cell extends Interval {
  /** successes / n; 0 where n is 0. */
  readonly success: number
  readonly successes: number
  /** Episodes counted: those without a fault. */
  readonly n: number
  /** Episodes that the environment broke, which nobody is to blame for. */
  readonly faults: number
}

/** A line of the table: the cells by the arm's name. */
export interface Row {
  readonly name: string
  readonly cells: Readonly<Record<string, Cell>>
}

export interface SuccessTable {
  readonly arms: readonly string[]
  readonly tasks: readonly Row[]
  readonly categories: readonly Row[]
  readonly overall: Row
}

/**
 * Counts the arms' episodes per task, per category and overall. Tasks stand in the order in which they first occur;
 * `categoryOf` gives a task's group.
 */
export function successTable(arms: readonly Arm[], categoryOf: (task: string) => string): SuccessTable {
  const tasks = [...new Set(arms.flatMap(({ episodes }) => episodes.map(({ task }) => task)))]
  const row = (name: string, holds: (task: string) => boolean): Row => ({
    name,
    cells: Object.fromEntries(arms.map((arm) => [arm.name, cell(arm.episodes.filter(({ task }) => holds(task)))])),
  })
  return {
    arms: arms.map(({ name }) => name),
    tasks: tasks.map((name) => row(name, (task) => task === name)),
    categories: [...new Set(tasks.map(categoryOf))].map((name) => row(name, (task) => categoryOf(task) === name)),
    overall: row('overall', () => true),
  }
}

/** The success of a set of episodes, with Wilson's 95% interval. Faults are left out of `n`. */
export function cell(episodes: readonly Played[]): Cell {
  const count = (wanted: Played['outcome']) => episodes.filter(({ outcome }) => outcome === wanted).length
  return rate(count('success'), count('failure'), count('fault'))
}

/** The same of episodes that are counted already. */
export function rate(successes: number, failures: number, faults: number): Cell {
  const n = successes + failures
  return { success: n === 0 ? 0 : successes / n, successes, n, faults, ...wilson(successes, n) }
}

/** `arm` against `baseline` on the problems (task, seed, attempt) that both played without a fault. */
export function compare(arm: Arm, baseline: Arm): Paired {
  const solved = new Map(counted(baseline))
  const cells = { won: 0, lost: 0, both: 0, neither: 0 }
  for (const [problem, success] of counted(arm)) {
    const before = solved.get(problem)
    if (before === undefined) continue
    cells[success ? (before ? 'both' : 'won') : before ? 'lost' : 'neither']++
  }
  return paired(cells.won, cells.lost, cells.both, cells.neither)
}

/** How often an arm failed for which reason, the most frequent first; faults apart from failures. */
export function reasons(episodes: readonly Played[], outcome: 'failure' | 'fault'): [reason: string, count: number][] {
  const counts = new Map<string, number>()
  for (const episode of episodes) {
    if (episode.outcome === outcome) counts.set(episode.reason, (counts.get(episode.reason) ?? 0) + 1)
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
}

function counted({ episodes }: Arm): [problem: string, success: boolean][] {
  return episodes
    .filter(({ outcome }) => outcome !== 'fault')
    .map(({ task, seed, attempt, outcome }) => [JSON.stringify([task, seed, attempt]), outcome === 'success'])
}
