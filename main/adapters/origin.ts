/** The ancestors of a run's adapter, as far as its stages recorded them. */
import { z } from 'zod'
import { finishedStage, type Records } from '../pipeline/lineage.ts'
import type { RoundKey } from '../store/keys.ts'
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

/** What an ancestry reads of a run's settings. */
const KEYS = ['model.base_model_name', 'paths.sft_data', 'paths.preference_data', 'training.dpo.replay']
const settingsOfRun = z.tuple([z.string(), z.string(), z.string(), z.number()])

/**
 * Returns a function that tells the ancestors of an adapter of a run, the nearest first. It reads what belongs to a run once for
 * all of its adapters.
 */
export function lineages(store: Store): (run: number, arm: string, round: number) => Ancestor[] {
  const records = {
    runs: { record: once((run: number) => store.runs.record(run)) },
    stages: {
      of: once((run: number) => store.stages.of(run)),
      done: once((stage: string) => store.stages.done(stage)),
    },
  }
  // Parsing whole configurations would take most of the time.
  const recorded = store.runs.values(KEYS)
  const settings = once((run: number) => {
    const parsed = settingsOfRun.safeParse(recorded.get(run))
    if (parsed.success) return parsed.data
    const { model, paths, training } = store.runs.get(run).config
    return [model.base_model_name, paths.sft_data, paths.preference_data, training.dpo.replay] as const
  })
  return (run, arm, round) => {
    const trained = store.pairs.trainsOn({ run, round })
    return ancestors(records, { run, arm, round, trained, settings: settings(run) })
  }
}

/** The function, which remembers its answers. */
function once<Key, Value>(read: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>()
  return (key) => {
    const value = known.get(key) ?? read(key)
    known.set(key, value)
    return value
  }
}

interface Trained {
  readonly run: number
  readonly arm: string
  readonly round: number
  /** The collection that it was trained on, where that is recorded. */
  readonly trained: RoundKey | undefined
  readonly settings: z.output<typeof settingsOfRun> | readonly [string, string, string, number]
}

function ancestors(records: Records, { run, arm, round, trained, settings }: Trained): Ancestor[] {
  const [baseName, samplesFile, pairsFile, replay] = settings
  const base: Ancestor = { kind: 'base', name: baseName, run: null, round: null, count: null }
  const sft = sftResult.safeParse(finishedStage(records, run, 'sft')[0]?.result)
  const golden: Ancestor = {
    kind: 'golden',
    name: samplesFile,
    run: null,
    round: null,
    count: sft.success ? sft.data.examples : null,
  }
  if (arm === 'sft') return [golden, base]
  const stage = records.stages.of(run).find((record) => record.stage === 'dpo' && record.round === round)
  const parsed = dpoResult.safeParse(stage?.result)
  // Older versions did not record what they trained on.
  const collection = trained ?? finishedStage(records, run, 'collect').find((record) => record.round === round)
  const pairs: Ancestor = {
    kind: 'pairs',
    name: pairsFile,
    run: collection?.run ?? null,
    round: collection?.round ?? round,
    count: parsed.success ? parsed.data.pairs : null,
  }
  const reference: Ancestor[] = parsed.success
    ? [{ kind: 'adapter', name: parsed.data.reference, run: null, round: round - 1, count: null }]
    : []
  // A run that trained no SFT policy used the samples only where DPO replays them.
  const samples = sft.success || replay > 0 || arm === 'replay' ? [golden] : []
  return [...(arm === 'replay' ? [] : [pairs]), ...reference, ...samples, base]
}
