/** What a study can tell, before it starts. */

import type { Config } from '../config/schema.ts'
import { controlsOf } from '../evaluation/arms.ts'
import { ASSUMED, type Design, detectable, seedsNeeded } from '../evaluation/study/power.ts'

/** Differences for which the seeds are told, as shares. */
const ASKED = [0.05, 0.03, 0.02]

export interface Expected {
  readonly design: Design
  /** The smallest difference that it is to find in four of five cases; null where it is to find none. */
  readonly detectable: number | null
  /** The training seeds that each difference would take; null where 1000 would not do. */
  readonly needed: readonly { readonly difference: number; readonly seeds: number | null }[]
}

/** What a study of so many seeds and variants is expected to find. `config` gives the problems, which all variants share. */
export function expectedOf(seeds: number, variants: number, { tasks, evaluation }: Config): Expected {
  const names = evaluation.tasks ?? tasks
  const design = {
    seeds,
    tasks: names.length,
    problems: names.length * evaluation.num_episodes_per_task,
    comparisons: variants > 1 ? variants - 1 : 1 + controlsOf(evaluation).length,
  }
  const least = detectable(ASSUMED, design)
  return {
    design,
    detectable: least > 1 ? null : least,
    needed: ASKED.map((difference) => ({ difference, seeds: seedsNeeded(difference, ASSUMED, design) })),
  }
}
