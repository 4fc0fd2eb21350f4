/** Success tables: several arms (policies) that played the same problems. */
import type { Message } from '../messages/message.ts'
import type { Ending, FailureReason, PlayedAttempt } from '../store/episode.ts'
import { type Interval, type Paired, paired, wilson } from './statistics.ts'

/** The part of an episode that the tables count. */
export type Played = Pick<PlayedAttempt, 'task' | 'seed' | 'attempt'> & Ending

/** The episodes of one policy. */
export interface Arm {
  /** An id of arms.ts: 'sft', 'dpo', 'success_sft' and others. */
  readonly name: string
  readonly episodes: readonly Played[]
}

/** The success of one arm on a set of problems. */
export interface Cell extends Interval {
  /** successes / n; 0 if n is 0. */
  readonly success: number
  readonly successes: number
  /** Episodes counted: those without a fault. */
  readonly n: number
  /** Episodes that the environment broke; no policy is to blame for them. */
  readonly faults: number
}

/** A row of the table: a cell for each arm, by its name. */
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
 * Counts the arms' episodes per task, per category and overall. Tasks come in the order of their first episode.
 * `categoryOf` returns a task's group.
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

/** The same, from counts. */
export function rate(successes: number, failures: number, faults: number): Cell {
  const n = successes + failures
  return { success: n === 0 ? 0 : successes / n, successes, n, faults, ...wilson(successes, n) }
}

/**
 * The arms without the problems that the environment broke for one of them, so that all arms are counted on the same
 * problems. The fault itself stays with its arm.
 */
export function onSharedProblems(arms: readonly Arm[]): Arm[] {
  const broken = new Set(
    arms.flatMap(({ episodes }) => episodes.filter(({ outcome }) => outcome === 'fault').map(problemOf)),
  )
  return arms.map(({ name, episodes }) => ({
    name,
    episodes: episodes.filter((episode) => episode.outcome === 'fault' || !broken.has(problemOf(episode))),
  }))
}

/** Compares `arm` with `baseline` on the problems (task, seed, attempt) that both played without a fault. */
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

/** What separates an arm from a baseline on the problems of each task, of each category, and of all. */
export interface Changes {
  readonly tasks: Readonly<Record<string, Paired>>
  readonly categories: Readonly<Record<string, Paired>>
  readonly overall: Paired
}

/** Compares two arms on the problems of each task, of each category, and of all, as `compare` does. */
export function changesBetween(arm: Arm, baseline: Arm, categoryOf: (task: string) => string): Changes {
  const by = (groupOf: (task: string) => string) => {
    const groups = [arm, baseline].map(({ episodes }) => Map.groupBy(episodes, ({ task }) => groupOf(task)))
    const names = new Set(groups.flatMap((group) => [...group.keys()]))
    const of = (name: string) => groups.map((group) => ({ name: '', episodes: group.get(name) ?? [] }))
    return Object.fromEntries(
      [...names].map((name) => {
        const [own, theirs] = of(name)
        return [name, compare(own!, theirs!)]
      }),
    )
  }
  return { tasks: by((task) => task), categories: by(categoryOf), overall: compare(arm, baseline) }
}

/** How often an arm failed for each reason, the most frequent first. Faults are not counted. */
export function failures(episodes: readonly Played[]): [reason: FailureReason, count: number][] {
  return tally(episodes.flatMap((episode) => (episode.outcome === 'failure' ? [episode.reason] : [])))
}

/** How often each fault broke an attempt of an arm, the most frequent first. */
export function faults(episodes: readonly Played[]): [fault: Message, count: number][] {
  const texts = episodes.flatMap((episode) => (episode.outcome === 'fault' ? [JSON.stringify(episode.fault)] : []))
  return tally(texts).map(([text, count]) => [JSON.parse(text), count])
}

function tally<Text extends string>(texts: readonly Text[]): [Text, number][] {
  const counts = new Map<Text, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
}

function counted({ episodes }: Arm): [problem: string, success: boolean][] {
  return episodes
    .filter(({ outcome }) => outcome !== 'fault')
    .map((episode) => [problemOf(episode), episode.outcome === 'success'])
}

function problemOf({ task, seed, attempt }: Played): string {
  return JSON.stringify([task, seed, attempt])
}
