/** The trainings of runs: each stage of a run trains one policy ("arm") or several, once a round. */
import type { TFunction } from 'i18next'
import type { Answers } from '../../lab.ts'
import { armName } from '../../parts/arm.ts'
import { type Range, within } from '../../parts/curve/series.ts'

export type Arm = Answers['metrics']['arms'][number]
export type ArmKey = Pick<Arm, 'run' | 'stage' | 'round' | 'arm'>
export const STAGES = ['sft', 'dpo'] as const
export type TrainingStage = (typeof STAGES)[number]

/** In the address: no training at all. An empty value would mean the default choice. */
export const NO_ARMS = 'none'

/** The id of a training in the address and among curves. */
export function idOf({ run, stage, round, arm }: ArmKey): string {
  return `${run}-${stage}-${round}-${arm}`
}

/** The places along a chart that an address names, such as `10-40`, up to the last; null where it names none or all of them. */
export function rangeIn(named: string | undefined, last: number): Range | null {
  const [, from, to] = (/^(\d{1,15})-(\d{1,15})$/.exec(named ?? '') ?? []).map(Number)
  return from === undefined || to === undefined || from >= Math.min(to, last) ? null : within([from, to], [1, last])
}

/** The key of a training in queries to the lab. */
export function keyOf({ run, stage, round, arm }: ArmKey): ArmKey {
  return { run, stage, round, arm }
}

/** Commands whose runs train something. */
const TRAINING: readonly unknown[] = ['sft', 'dpo', 'retrain', 'import', 'pipeline']

/** The latest run that trains, of runs with the latest first; the latest one where none does. */
export function latestTraining<R extends { readonly command: unknown }>(runs: readonly R[]): R | undefined {
  return runs.find(({ command }) => TRAINING.includes(command)) ?? runs[0]
}

/** The stage in the address, or the latest trained one. */
export function stageOf(named: string | undefined, arms: readonly Pick<Arm, 'stage'>[]): TrainingStage {
  if (named === 'sft' || named === 'dpo') return named
  return arms.some(({ stage }) => stage === 'dpo') ? 'dpo' : 'sft'
}

/** The trainings in the address; by default the main one of the latest round, or else the first. */
export function chosenArms<A extends ArmKey>(named: string | undefined, arms: readonly A[], stage: TrainingStage): A[] {
  if (named !== undefined) {
    const ids = named.split('.')
    return arms.filter((arm) => ids.includes(idOf(arm)))
  }
  const latest = Math.max(0, ...arms.map(({ round }) => round))
  const main = arms.filter(({ arm, round }) => arm === stage && round === latest)
  return main.length > 0 ? main : arms.slice(0, 1)
}

/** A name that tells a training from the others; `several`: also from those of other runs. */
export function trainingName(t: TFunction, arm: ArmKey, arms: readonly ArmKey[], several: boolean): string {
  return [
    several ? t('episodes.run', { run: arm.run }) : '',
    armName(t, arm.arm),
    arm.round > 1 || arms.some(({ round }) => round > 1) ? t('episodes.round', { round: arm.round }) : '',
  ]
    .filter(Boolean)
    .join(' · ')
}
