/** The trainings of several runs that are drawn in one chart: of each run the main one. */
import type { Answers } from '../../lab.ts'

export type Training = Answers['runs']['compare']['trainings'][number]

/** A metric of a stage. */
export interface Metric {
  readonly id: string
  readonly stage: string
  readonly name: string
}

/** Every metric that some main training has, DPO's before SFT's. */
export function metricsOf(trainings: readonly Training[]): Metric[] {
  const ids = new Map<string, Metric>()
  for (const { stage, arm, names } of trainings) {
    if (stage !== arm) continue
    for (const name of names) ids.set(`${stage} ${name}`, { id: `${stage} ${name}`, stage, name })
  }
  return [...ids.values()].sort((a, b) => a.stage.localeCompare(b.stage))
}

/** Of each run the policy that the stage is named for, in its latest round that has the metric. */
export function mainTrainings(trainings: readonly Training[], { stage, name }: Metric): Training[] {
  const latest = new Map<number, Training>()
  for (const training of trainings) {
    if (training.stage !== stage || training.arm !== stage || !training.names.includes(name)) continue
    const before = latest.get(training.run)
    if (before === undefined || before.round < training.round) latest.set(training.run, training)
  }
  return [...latest.values()]
}
