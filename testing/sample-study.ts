/** For tests of a study's report: made-up trainings of several seeds and variants, whose success rates are known. */

import { uniformStream } from '../main/engine/random.ts'
import type { StudyData, StudyRun } from '../main/evaluation/study/summary.ts'
import { ENDINGS } from './endings.ts'

export interface SampleStudy {
  readonly seeds: readonly number[]
  /** Success rate of DPO by variant. SFT and the controls have 0.5 in all. */
  readonly variants: Readonly<Record<string, number>>
  readonly tasks?: readonly string[]
  /** Problems of a task. */
  readonly problems?: number
  /** How much a training seed moves DPO's success rate up or down. */
  readonly luck?: number
}

/** Problems are as hard for every policy; SFT and the controls of a seed are the same in all variants. */
export function sampleStudy({
  seeds,
  variants,
  tasks = ['click-tab', 'enter-text'],
  problems = 30,
  luck = 0.02,
}: SampleStudy): StudyData {
  const runs = seeds.flatMap((seed, at) =>
    Object.entries(variants).map(([variant, success], place): StudyRun => {
      const rates = { sft: 0.5, replay: 0.5, success_sft: 0.55, nll_chosen: 0.55, dpo: success + luck * ((at % 3) - 1) }
      const arms = Object.entries(rates).map(([name, rate], arm) => {
        const own = uniformStream(1000 * seed + 10 * arm + (name === 'dpo' ? place : 0))
        const hard = uniformStream(4)
        const episodes = tasks.flatMap((task) =>
          Array.from({ length: problems }, (_, problem) => {
            const isSolved = 0.7 * hard() + 0.3 * own() < rate
            return { task, seed: problem, attempt: 0, ...ENDINGS[isSolved ? 'success' : 'failure'] }
          }),
        )
        return { name, episodes }
      })
      const adapters = Object.fromEntries(
        arms.map(({ name }) => [name, `${name} ${seed}${name === 'dpo' ? ` ${variant}` : ''}`]),
      )
      return { variant, seed, run: 10 * seed + place, arms, adapters }
    }),
  )
  return {
    study: { id: 3, name: 'beta', created: Date.UTC(2026, 0, 2, 15, 4) },
    variants: Object.keys(variants).map((name, at) => ({
      name,
      settings: at === 0 ? {} : { 'training.dpo.beta': at },
    })),
    runs,
    planned: runs.length,
  }
}
