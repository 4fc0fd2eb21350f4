/** Two adapters side by side: their lineage, how far each changes the model, and their success. */
import { type Difference, differences } from '../config/differences.ts'
import type { Config } from '../config/schema.ts'
import { loadAdapter } from '../engine/adapter/adapter.ts'
import { adapterDigest } from '../engine/adapter/identity.ts'
import type { ModelConfig } from '../engine/engine.ts'
import { cell, compare, type Played } from '../evaluation/evaluate.ts'
import type { Paired } from '../evaluation/statistics.ts'
import { type ArmSummary, armSummary } from '../evaluation/summary.ts'
import { projectPath } from '../files/paths.ts'
import { evaluateResult } from '../pipeline/results.ts'
import type { Store } from '../store/store.ts'
import { compareChanges, type ProjectionChange } from './change.ts'
import type { AdapterRecord } from './list.ts'

export interface AdapterComparison {
  /**
   * The differences between the adapters and their lineage. Keys are those of `AdapterRecord`, and the kinds of
   * ancestors with an `Ancestor` as value.
   */
  readonly origin: readonly Difference[]
  /** The differences between the settings of the runs that trained them; null where a run is not in the store. */
  readonly settings: readonly Difference[] | null
  /** The size of each adapter's addition to the model's projections. */
  readonly changes: readonly ProjectionChange[]
  /** Their results on the same problems; null where there are none. */
  readonly success: SharedSuccess | null
}

/** Evaluations on the same problems. */
export interface SharedSuccess {
  /** The runs that evaluated the two. */
  readonly runs: readonly [number, number]
  /** The names of their arms in these runs. */
  readonly arms: readonly [string, string]
  readonly rates: readonly [ArmSummary, ArmSummary]
  /** The first adapter against the second. */
  readonly paired: Paired
}

/**
 * Compares two of `all` adapters. `architectureOf` returns the architecture for an adapter.
 * @throws UserError where one of them cannot be read.
 */
export async function compareAdapters(
  store: Store,
  all: readonly AdapterRecord[],
  [a, b]: readonly [AdapterRecord, AdapterRecord],
  architectureOf: (adapter: AdapterRecord) => ModelConfig,
): Promise<AdapterComparison> {
  const load = (adapter: AdapterRecord) =>
    // What was trained beside LoRA is not compared.
    loadAdapter(projectPath(adapter.path), architectureOf(adapter), { takeSaved: () => {} })
  const changes = await compareChanges(await load(a), await load(b))
  const [one, other] = [trained(all, a), trained(all, b)]
  const configs = [configOf(store, one.run), configOf(store, other.run)] as const
  const [first, second] = configs
  return {
    origin: originDifferences(one, other),
    settings: first === null || second === null ? null : differences(first, second),
    changes,
    success: sharedSuccess(store, adapterDigest(projectPath(a.path)), adapterDigest(projectPath(b.path))),
  }
}

/** An adapter at a path of the configuration may be a copy of a run's adapter. Returns that one, or else the adapter. */
function trained(all: readonly AdapterRecord[], adapter: AdapterRecord): AdapterRecord {
  return all.find(({ path }) => path === adapter.origin?.path) ?? adapter
}

function configOf(store: Store, run: number | null): Config | null {
  return run === null ? null : store.runs.get(run).config
}

function originDifferences(one: AdapterRecord, other: AdapterRecord): Difference[] {
  const [a, b] = [origin(one), origin(other)]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .map((key) => ({ key, a: a[key] ?? null, b: b[key] ?? null }))
    .filter((difference) => JSON.stringify(difference.a) !== JSON.stringify(difference.b))
}

/** The adapter's own values, and its ancestors by kind. */
function origin({ run, round, arm, base, r, lora_alpha, target_modules, layers_to_transform, lineage }: AdapterRecord) {
  const made = lineage.filter(({ kind }) => kind !== 'base').map((ancestor) => [ancestor.kind, ancestor] as const)
  const values: Record<string, unknown> = { run, round, arm, base, r, lora_alpha, target_modules, layers_to_transform }
  return Object.assign(values, Object.fromEntries(made))
}

/** The latest evaluations of two adapters on the same problems. An evaluation that had both is preferred. */
function sharedSuccess(store: Store, a: string, b: string): SharedSuccess | null {
  const [ofA, ofB] = [evaluationsOf(store, a), evaluationsOf(store, b)]
  const both = ofA.flatMap((one) => {
    const other = ofB.find(({ run }) => run === one.run)
    return other === undefined ? [] : [[one, other] as const]
  })
  const [one, other] = both[0] ?? [ofA[0], ofB[0]]
  if (one === undefined || other === undefined) return null
  const played = ({ run, round, arm }: typeof one): readonly Played[] =>
    store.episodes.outcomes({ run, stage: 'evaluate', round, arm }).filter(({ outcome }) => outcome !== 'fault')
  const [first, second] = [played(one), played(other)]
  const [ours, theirs] = [shared(first, second), shared(second, first)]
  if (ours.length === 0) return null
  return {
    runs: [one.run, other.run],
    arms: [one.arm, other.arm],
    rates: [armSummary(cell(ours)), armSummary(cell(theirs))],
    paired: compare({ name: one.arm, episodes: ours }, { name: other.arm, episodes: theirs }),
  }
}

/** The evaluations of an adapter, the latest first. */
function evaluationsOf(store: Store, digest: string): { run: number; round: number; arm: string }[] {
  return store.stages.done('evaluate').flatMap(({ run, round, result }) => {
    const parsed = evaluateResult.safeParse(result)
    if (!parsed.success) return []
    const arms = Object.entries(parsed.data.adapters).filter(([, played]) => played === digest)
    return arms.slice(0, 1).map(([arm]) => ({ run, round, arm }))
  })
}

/** The episodes whose problem is among those of the others. */
function shared(episodes: readonly Played[], others: readonly Played[]): Played[] {
  const problem = ({ task, seed, attempt }: Played) => JSON.stringify([task, seed, attempt])
  const known = new Set(others.map(problem))
  return episodes.filter((episode) => known.has(problem(episode)))
}
