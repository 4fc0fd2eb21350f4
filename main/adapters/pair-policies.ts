/** The policies that score the pairs of a round: the reference of its DPO training, and the policy trained from it. */

import type { Config } from '../config/schema.ts'
import { projectPath } from '../files/paths.ts'
import { hasAdapter, keptArtifacts } from '../pipeline/artifacts.ts'
import { dpo } from '../pipeline/stages/dpo.ts'
import type { Store } from '../store/store.ts'
import type { ScoringPolicy } from './pair-scores.ts'

export interface PairPolicies {
  readonly reference: ScoringPolicy
  readonly policy: ScoringPolicy
}

/**
 * The reference of DPO in that run and round, and the policy that it trained, by the names of their arms (sft,
 * dpo_round_1, ...). Where the round was not trained, the policies at the configuration's paths: sft, dpo. The caller
 * checks whether their adapters exist.
 */
export function pairPolicies(store: Store, config: Config, run: number, round: number): PairPolicies {
  const { paths } = config
  const kept = keptArtifacts(config, store.runs.get(run))
  const own = kept.adapter('dpo', round)
  const trained = store.stages
    .of(run)
    .find((one) => one.stage === 'dpo' && one.round === round && one.status === 'done')
  const result = dpo.result.safeParse(trained?.result)
  if (!result.success || !hasAdapter(own)) {
    return {
      reference: { name: 'sft', folder: projectPath(paths.sft_adapter_path) },
      policy: { name: 'dpo', folder: projectPath(paths.dpo_adapter_path) },
    }
  }
  const before = kept.adapter(round === 1 ? 'sft' : 'dpo', round - 1)
  return {
    reference: {
      name: round === 1 ? 'sft' : `dpo_round_${round - 1}`,
      // A stage that was run alone began from the configuration's adapter, which its result names.
      folder: hasAdapter(before) ? before : projectPath(result.data.reference),
    },
    policy: { name: `dpo_round_${round}`, folder: own },
  }
}
