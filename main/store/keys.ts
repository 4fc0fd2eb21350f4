/** Keys of the store's rows: a round of a run, a stage of the round, an arm of the stage. */
import type { SQLInputValue } from 'node:sqlite'
import type { Row } from './database.ts'

/** A round of a run. Rounds count from 1; stages before the first round have 0. */
export interface RoundKey {
  readonly run: number
  readonly round: number
}

export interface StageKey extends RoundKey {
  readonly stage: string
}

/** A part of a stage that is trained or played by itself; '' where there is only one. */
export interface ArmKey extends StageKey {
  readonly arm: string
}

/** The SQL condition for an arm's rows. Its values come from `armValues`. */
export const OF_ARM = 'run = ? AND stage = ? AND round = ? AND arm = ?'

export function armValues({ run, stage, round, arm }: ArmKey): readonly SQLInputValue[] {
  return [run, stage, round, arm]
}

export function readArm(row: Row): ArmKey {
  return { run: Number(row.run), stage: String(row.stage), round: Number(row.round), arm: String(row.arm) }
}
