/** What the rows of the store belong to: a round of a run, a stage of it, an arm of that. */
import type { SQLInputValue } from 'node:sqlite'
import type { Row } from './database.ts'

/** A round of a run. Rounds count from 1; 0 is what comes before the first. */
export interface RoundKey {
  readonly run: number
  readonly round: number
}

export interface StageKey extends RoundKey {
  readonly stage: string
}

/** A part of a stage that is trained or played by itself: '' where there is only one. */
export interface ArmKey extends StageKey {
  readonly arm: string
}

/** The condition that picks an arm's rows; its values are `armValues`. */
export const OF_ARM = 'run = ? AND stage = ? AND round = ? AND arm = ?'

export function armValues({ run, stage, round, arm }: ArmKey): readonly SQLInputValue[] {
  return [run, stage, round, arm]
}

export function readArm(row: Row): ArmKey {
  return { run: Number(row.run), stage: String(row.stage), round: Number(row.round), arm: String(row.arm) }
}
