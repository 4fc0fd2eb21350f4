/**
 * What members of a study share is computed once. Before a member goes to work, it gets what an earlier member made under
 * the same settings: golden samples, SFT, the first round's collection, controls, and the episodes of the same policies.
 * Stages find it as what they had done themselves before a stop, so a member is a whole run of its own, and a kill in between
 * loses nothing.
 */
import { flatten } from '../config/differences.ts'
import type { Config } from '../config/schema.ts'
import { CONTROLS, controlsOf } from '../evaluation/arms.ts'
import { type Message, message, type Say } from '../messages/message.ts'
import { pairsOf } from '../preferences/contrasts.ts'
import type { ArmKey } from '../store/keys.ts'
import type { Run } from '../store/runs.ts'
import type { Store } from '../store/store.ts'
import { exportAdapter, hasAdapter, keptArtifacts, runArtifacts } from './artifacts.ts'
import type { StageName } from './stage.ts'

export const SHARES = ['golden', 'sft', 'collection', 'controls', 'base'] as const
/** Something that members can share; 'base' are the episodes of the base model without training. */
export type Share = (typeof SHARES)[number]

const GOLDEN = ['tasks', 'golden', 'environment']
const SFT = [...GOLDEN, 'project.seed', 'model', 'lora', 'training.gradient_checkpointing', 'training.sft']
/** Pairs are made from the episodes anew. */
const COLLECTION = [
  ...SFT,
  ...['seeds_per_task', 'attempts', 'temperature', 'top_p', 'seed_start', 'more_attempts', 'hint'].map(
    (key) => `collect.${key}`,
  ),
]
/** Keys of training.dpo that only DPO itself reads. */
const DPO_ALONE = [
  'beta',
  'loss_type',
  'label_smoothing',
  'desirable_weight',
  'undesirable_weight',
  'rpo_alpha',
  'imitation',
].map((key) => `training.dpo.${key}`)

/** The settings that a share depends on: keys, or groups of them. */
const DEPENDS: Readonly<Record<Share, readonly string[]>> = {
  golden: GOLDEN,
  sft: SFT,
  collection: COLLECTION,
  controls: [
    ...COLLECTION,
    'collect.contrasts',
    'collect.hard_negatives',
    'training.dpo',
    'evaluation.controls',
    'evaluation.policy_gradients',
  ],
  base: ['tasks', 'model', 'environment', 'evaluation'],
}

/** For each share a text of all that it depends on: members that have the same text can share it. */
export function shareKeys(config: Config): ReadonlyMap<Share, string> {
  const settings = [...flatten(config)].filter(([key]) => !DPO_ALONE.includes(key))
  const isOf = (key: string, groups: readonly string[]) =>
    groups.some((group) => key === group || key.startsWith(`${group}.`))
  return new Map(SHARES.map((share) => [share, JSON.stringify(settings.filter(([key]) => isOf(key, DEPENDS[share])))]))
}

/** What two members of a study share, by their settings. */
export function sharesOf(one: Config, other: Config): ReadonlySet<Share> {
  const [own, others] = [shareKeys(one), shareKeys(other)]
  return new Set(SHARES.filter((share) => own.get(share) === others.get(share)))
}

/** The names of shares, for people. */
const NAMES: Readonly<Record<Share, Message>> = {
  golden: message('shareGolden'),
  sft: message('shareSft'),
  collection: message('shareCollection'),
  controls: message('shareControls'),
  base: message('shareBase'),
}

/** A member and an earlier one that it takes something from. */
interface Pair {
  readonly store: Store
  readonly run: Run
  readonly earlier: Run
}

/**
 * Gives a run what earlier members of its study have finished. Does nothing for what it has, and for a run that is in no
 * study. `say` hears what came from where.
 */
export async function takeShares(store: Store, run: Run, say: Say): Promise<void> {
  const member = store.studies.memberOf(run.id)
  if (member === undefined) return
  const others = store.studies
    .members(member.study)
    .flatMap((other) => (other.run === null || other.run === run.id ? [] : [other.run]))
    .sort((a, b) => a - b)
  const left = new Set<Share>(SHARES)
  for (const id of others) {
    const pair = { store, run, earlier: store.runs.get(id) }
    const shared = sharesOf(run.config, pair.earlier.config)
    const taken: Share[] = []
    // In the order of SHARES, since the later ones rest on the earlier ones.
    for (const share of SHARES) {
      if (!left.has(share) || !shared.has(share)) continue
      if (await TAKE[share](pair)) {
        left.delete(share)
        taken.push(share)
      }
    }
    const news = taken.filter((share) => share !== 'golden')
    if (news.length > 0) say('studyShared', { what: news.map((share) => NAMES[share]), run: id })
  }
}

/** Takes a share, where the earlier member has it and the run lacks it. Returns whether it took something. */
const TAKE: Readonly<Record<Share, (pair: Pair) => boolean | Promise<boolean>>> = {
  golden({ store, run, earlier }) {
    const samples = store.golden.of(earlier.id)
    if (samples === undefined || store.golden.of(run.id) !== undefined) return false
    if (!isDone(store, earlier.id, 'golden', 0)) return false
    store.golden.set(run.id, samples)
    return true
  },
  async sft(pair) {
    const { store, run, earlier } = pair
    if (!isDone(store, earlier.id, 'sft', 0) || isDone(store, run.id, 'sft', 0)) return false
    if (!(await takeAdapter(pair, 'sft', 0))) return false
    store.metrics.copy(keyOf(earlier, 'sft', 0, 'sft'), keyOf(run, 'sft', 0, 'sft'))
    store.stages.copy({ run: earlier.id, stage: 'sft', round: 0 }, run.id)
    takeEvaluated(pair, 'sft')
    return true
  },
  collection({ store, run, earlier }) {
    if (!isDone(store, earlier.id, 'collect', 1)) return false
    return store.episodes.copy(keyOf(earlier, 'collect', 1, ''), keyOf(run, 'collect', 1, ''))
  },
  async controls(pair) {
    const { store, run, earlier } = pair
    const [own, other] = [run, earlier].map(({ id }) => ({ run: id, round: 1 }))
    // Pairs with hard negatives need attempts that are not shared.
    if (run.config.collect.hard_negatives) return false
    const isReviewed = store.pairs.lastEdit(other!) > 0
    if (controlsOf(run.config.evaluation).length === 0 || isReviewed || !isDone(store, earlier.id, 'dpo', 1))
      return false
    // An adapter says that training has begun, so the pairs are set first.
    if (store.pairs.trainsOn(own!) !== undefined) return false
    const { pairs } = pairsOf(run.config.collect.contrasts, store.episodes.of(keyOf(run, 'collect', 1, '')))
    store.transaction(() => {
      store.pairs.replace(own!, pairs)
      store.pairs.setTrainingSet(own!, own!)
    })
    for (const control of CONTROLS) {
      if (!(await takeAdapter(pair, control, 1))) continue
      store.metrics.copy(keyOf(earlier, 'dpo', 1, control), keyOf(run, 'dpo', 1, control))
      takeEvaluated(pair, control)
    }
    return true
  },
  base: (pair) => takeEvaluated(pair, 'base'),
}

/** Copies an adapter that the run lacks. Returns whether there is one. */
async function takeAdapter({ run, earlier }: Pair, arm: string, round: number): Promise<boolean> {
  const from = keptArtifacts(run.config, earlier).adapter(arm, round)
  const to = runArtifacts(run.config, run).adapter(arm, round)
  if (!hasAdapter(from)) return false
  if (!hasAdapter(to)) await exportAdapter(from, to)
  return true
}

/**
 * Copies the evaluated episodes of a policy that both runs have, where both play the same problems after one round. (The
 * number of later rounds is not known before.) Returns whether there were any.
 */
function takeEvaluated({ store, run, earlier }: Pair, arm: string): boolean {
  const isAlike = sharesOf(run.config, earlier.config).has('base') && run.config.flywheel.rounds === 1
  if (!isAlike || earlier.config.flywheel.rounds !== 1 || !isDone(store, earlier.id, 'evaluate', 1)) return false
  return store.episodes.copy(keyOf(earlier, 'evaluate', 1, arm), keyOf(run, 'evaluate', 1, arm))
}

function isDone(store: Store, run: number, stage: StageName, round: number): boolean {
  return store.stages.of(run).some((one) => one.stage === stage && one.round === round && one.status === 'done')
}

function keyOf({ id }: Pick<Run, 'id'>, stage: StageName, round: number, arm: string): ArmKey {
  return { run: id, stage, round, arm }
}
