/** The policies that have something to say of a round's pairs: the one they are held to, and the one they taught. */
import { projectPath } from '../config/paths.ts'
import type { Config } from '../config/schema.ts'
import type { Store } from '../store/store.ts'
import { hasAdapter, runArtifacts } from './artifacts.ts'
import { dpo } from './dpo.ts'
import type { ScoringPolicy } from './token-scores.ts'

/**
 * The reference that DPO recorded in that run and round, and the policy that came of it, by the names of their arms
 * (sft, dpo_round_1, ...). Where that round was not trained, those that the configuration names: sft, dpo. Adapters that
 * are not there are left out.
 */
export function pairPolicies(store: Store, { paths }: Config, run: number, round: number): ScoringPolicy[] {
  const record = store.run(run)
  const own = runArtifacts(record.config, record).adapter('dpo', round)
  const trained = store.stages(run).find((one) => one.stage === 'dpo' && one.round === round && one.status === 'done')
  const result = dpo.result.safeParse(trained?.result)
  const policies =
    result.success && hasAdapter(own)
      ? [
          { name: round === 1 ? 'sft' : `dpo_round_${round - 1}`, folder: projectPath(result.data.reference) },
          { name: `dpo_round_${round}`, folder: own },
        ]
      : [
          { name: 'sft', folder: projectPath(paths.sft_adapter_path) },
          { name: 'dpo', folder: projectPath(paths.dpo_adapter_path) },
        ]
  return policies.filter(({ folder }) => hasAdapter(folder))
}
