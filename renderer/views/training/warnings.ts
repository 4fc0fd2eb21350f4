/** Warns of known failures of preference training while there is still time to stop. */
import type { Point } from '../../parts/curve/series.ts'
import type { Arm } from './arms.ts'
import type { Curves } from './charts.ts'

export type Warning = 'chosenFalls' | 'accuracyEarly' | 'lossZero' | 'forgets'

/** The points of one training's metrics, by TRL's names. */
export type Metrics = Readonly<Record<string, readonly Point[]>>

/** With fewer steps there are no warnings. */
const ENOUGH = 8
/** Nats by which the chosen answer's log-probability may fall without a warning. */
const SUNK = 2
/** All pairs right before this share of the training means that they were too easy, or leak. */
const EARLY = 0.2
/** A loss below this in the early part means over-fitting, or pairs without a difference. */
const ZERO = 0.01
/** Growth of the golden samples' NLL that counts as forgetting. */
const FORGOTTEN = 1.5

/** The warnings for a training. Rafailov et al. 2023; Pal et al. 2024 (DPO-Positive). */
export function warningsOf(metrics: Metrics): Warning[] {
  const found: Warning[] = []
  const chosen = values(metrics['logps/chosen'])
  if (chosen.length >= ENOUGH && mean(tail(chosen)) < mean(head(chosen)) - SUNK) found.push('chosenFalls')
  const accuracies = values(metrics['rewards/accuracies'])
  const early = accuracies.slice(0, Math.max(2, Math.floor(accuracies.length * EARLY)))
  if (accuracies.length >= ENOUGH && mean(early.slice(-Math.ceil(early.length / 2))) > 0.99) found.push('accuracyEarly')
  const loss = values(metrics.loss)
  if (loss.length >= ENOUGH && mean(loss.slice(0, Math.ceil(loss.length / 2))) < ZERO) found.push('lossZero')
  const replay = values(metrics['replay/loss'])
  if (replay.length >= ENOUGH && mean(tail(replay)) > FORGOTTEN * mean(head(replay))) found.push('forgets')
  return found
}

/** The warnings for each training. Trainings on golden samples alone are left out: they have no pairs. */
export function warningsAmong<A extends Pick<Arm, 'run' | 'stage' | 'round' | 'arm' | 'names'>>(
  arms: readonly A[],
  curves: Curves,
): { readonly arm: A; readonly warning: Warning }[] {
  return arms
    .filter(({ arm }) => arm !== 'replay')
    .flatMap((arm) => {
      const metrics = Object.fromEntries(arm.names.map((name) => [name, curves.of(arm, name)?.points ?? []]))
      return warningsOf(metrics).map((warning) => ({ arm, warning }))
    })
}

function values(points: readonly Point[] = []): number[] {
  return points.flatMap(([, value]) => (value === null ? [] : [value]))
}

function head(list: readonly number[]): readonly number[] {
  return list.slice(0, Math.ceil(list.length / 5))
}

function tail(list: readonly number[]): readonly number[] {
  return list.slice(-Math.ceil(list.length / 5))
}

function mean(list: readonly number[]): number {
  return list.reduce((sum, value) => sum + value, 0) / list.length
}
