/** The option `--adapter` of commands that let a policy act. */
import { resolve } from 'node:path'
import type { Config } from '../../main/config/schema.ts'

export const ADAPTER =
  'folder of an adapter, or base, sft or dpo; by default the DPO adapter of the configuration, or else that of SFT, or else none'

/** The policy that the option names: base, sft, dpo, or the folder of an adapter. */
export async function policyOf(config: Config, adapter: string | undefined): Promise<string> {
  const { latestPolicy, playPolicies } = await import('../../main/live/play.ts')
  if (adapter === undefined) return latestPolicy(config)
  return playPolicies(config).some(({ name }) => name === adapter) ? adapter : resolve(adapter)
}
