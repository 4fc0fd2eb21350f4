/** The ancestors of a run's adapter, as far as its stages recorded them. */
import { z } from 'zod'
import { finishedStage } from '../pipeline/lineage.ts'
import type { Store } from '../store/store.ts'

export interface Ancestor {
  readonly kind: 'adapter' | 'pairs' | 'golden' | 'base'
  /** Path of an adapter, file of the data, name of the base model. */
  readonly name: string
  readonly run: number | null
  readonly round: number | null
  /** The number of pairs or samples; null for other kinds. */
  readonly count: number | null
}

const sftResult = z.object({ examples: z.int() })
const dpoResult = z.object({ pairs: z.int(), reference: z.string() })

/** The ancestors of an adapter of a run, the nearest first. */
export function lineageOf(store: Store, run: number, arm: string, round: number): Ancestor[] {
  const { config } = store.runs.get(run)
  const base: Ancestor = { kind: 'base', name: config.model.base_model_name, run: null, round: null, count: null }
  const sft = sftResult.safeParse(finishedStage(store, run, 'sft')[0]?.result)
  const golden: Ancestor = {
    kind: 'golden',
    name: config.paths.sft_data,
    run: null,
    round: null,
    count: sft.success ? sft.data.examples : null,
  }
  if (arm === 'sft') return [golden, base]
  const stage = store.stages.of(run).find((record) => record.stage === 'dpo' && record.round === round)
  const parsed = dpoResult.safeParse(stage?.result)
  // Older versions did not record what they trained on.
  const collection =
    store.pairs.trainsOn({ run, round }) ??
    finishedStage(store, run, 'collect').find((record) => record.round === round)
  const pairs: Ancestor = {
    kind: 'pairs',
    name: config.paths.preference_data,
    run: collection?.run ?? null,
    round: collection?.round ?? round,
    count: parsed.success ? parsed.data.pairs : null,
  }
  const reference: Ancestor[] = parsed.success
    ? [{ kind: 'adapter', name: parsed.data.reference, run: null, round: round - 1, count: null }]
    : []
  // A run that trained no SFT policy used the samples only where DPO replays them.
  const samples = sft.success || config.training.dpo.replay > 0 || arm === 'replay' ? [golden] : []
  return [...(arm === 'replay' ? [] : [pairs]), ...reference, ...samples, base]
}
