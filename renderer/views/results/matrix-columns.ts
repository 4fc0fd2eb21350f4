/** The columns and the filter of the table of all problems. */
import { compareArms } from '../../../main/evaluation/arms.ts'
import type { lab } from '../../api.ts'
import type { Answers } from '../../lab.ts'
import type { Place } from '../../location.ts'

/** Stages that play. */
export const STAGES = ['evaluate', 'validate', 'collect'] as const
export type MatrixStage = (typeof STAGES)[number]

const SOLVED_BY = ['all', 'some', 'none'] as const

/** The stage that the address names; by default the evaluation. */
export function stageIn(query: Place['query']): MatrixStage {
  return STAGES.find((stage) => stage === query.stage) ?? 'evaluate'
}

/** Which problems the address names, by how many attempts solved them; undefined for every problem. */
export function solvedByIn(query: Place['query']): (typeof SOLVED_BY)[number] | undefined {
  return SOLVED_BY.find((one) => one === query.solved)
}

/** A policy in a round. */
export interface MatrixColumn {
  readonly arm: string
  readonly round: number
  /** For how many attempts at a problem it has room. */
  readonly attempts: number
}

/** Every policy in every round, by round and then in the order of policies. */
export function matrixColumns(groups: Answers['episodes']['groups']): MatrixColumn[] {
  const columns = new Map<string, MatrixColumn>()
  for (const { arm, round } of groups) {
    // Only a collection, whose policy has no name of its own, tries a problem several times.
    columns.set(columnId({ round, arm }), { arm, round, attempts: arm === '' ? SEVERAL : 1 })
  }
  return [...columns.values()].sort((a, b) => a.round - b.round || compareArms(a.arm, b.arm))
}

/** The id of a column, which the address names where the table is sorted by it. */
export function columnId({ round, arm }: Pick<MatrixColumn, 'round' | 'arm'>): string {
  return `${round} ${arm}`
}

type Sort = NonNullable<Parameters<typeof lab.results.problems.query>[0]['sort']>

/** What the lab sorts by for a column's id; undefined where there is no such column. */
export function sortOf(id: string): Sort | undefined {
  if (id === 'task' || id === 'seed') return id
  const [, round, arm] = /^(\d{1,6}) (.*)$/.exec(id) ?? []
  return round === undefined || arm === undefined ? undefined : { round: Number(round), arm }
}

/** Attempts at a problem for which a column has room; more are cut off. */
const SEVERAL = 8
