/** What a run or a study will take of time and disk, before it starts. */
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { measureStages, mostAttempts, type StageTimes, stageTimes } from '../capacity/duration.ts'
import { usualLengths } from '../capacity/lengths.ts'
import { planMemory } from '../capacity/memory.ts'
import type { Config } from '../config/schema.ts'
import { knownShape } from '../engine/architecture.ts'
import type { ModelConfig } from '../engine/engine.ts'
import { engineOf } from '../engine/engine-of.ts'
import { adapterShapes, countNumbers } from '../engine/weights.ts'
import { controlsOf } from '../evaluation/arms.ts'
import { nearestFolder } from '../files/file.ts'
import { projectPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { type Share, shareKeys } from '../pipeline/share.ts'
import type { StageRecord } from '../store/stages.ts'
import type { Store } from '../store/store.ts'
import type { PlannedMember } from '../store/studies.ts'

/** Bytes of an episode in the store, with its steps and without pictures: 1600 to 4000 in stores of the shipped model. */
const EPISODE_BYTES = 2500

export interface StudyForecast {
  /** Seconds of all members that are not done; null where neither an earlier run nor a measurement tells. */
  readonly seconds: number | null
  /** What the seconds come from: the number of an earlier run, or a measurement of this machine. */
  readonly source: number | 'measured' | null
  /** Seconds that it would take without sharing. */
  readonly alone: number | null
  /** Bytes that the members write, and that are free where the store is. */
  readonly bytes: number
  readonly free: number
}

export interface ForecastMember extends Pick<PlannedMember, 'config'> {
  /** Whether it takes nothing any more; others can still share with it. */
  readonly done?: boolean
}

/**
 * The forecast of these members, in the order in which they are worked off. `measure` says whether this machine may be
 * measured where no earlier run tells the times; that takes seconds, and all cores.
 */
export async function forecastStudy(
  store: Store,
  members: readonly ForecastMember[],
  { measure = true }: { readonly measure?: boolean } = {},
): Promise<StudyForecast> {
  const configs = members.map(({ config }) => config)
  const [first] = configs
  const known = first === undefined ? null : await timesOf(store, first, measure)
  const shares = sharesWithEarlier(configs)
  const shapeOf = shapes()
  const sum = (amount: (config: Config, at: number) => number) =>
    members.reduce((total, { config, done = false }, at) => total + (done ? 0 : amount(config, at)), 0)
  return {
    seconds: known && sum((config, at) => memberSeconds(config, shares[at]!, known.times)),
    alone: known && sum((config) => memberSeconds(config, new Set(), known.times)),
    source: known?.source ?? null,
    bytes: sum((config) => memberBytes(config, shapeOf(config))),
    free: first === undefined ? 0 : await freeBytes(first),
  }
}

/**
 * The forecast of one run: a whole pipeline, or a training on pairs that are there and its evaluation. `measure` is as for
 * forecastStudy.
 */
export async function forecastRun(
  store: Store,
  config: Config,
  command: 'pipeline' | 'retrain',
  options: { readonly measure?: boolean },
): Promise<StudyForecast> {
  const whole = await forecastStudy(store, [{ config }], options)
  if (command === 'pipeline') return whole
  const one = { ...config, flywheel: { ...config.flywheel, rounds: 1 } }
  const known = await timesOf(store, one, options.measure ?? true)
  if (known === null) return whole
  const { dpo, evaluate } = known.times(one)
  return { ...whole, seconds: dpo + evaluate, alone: dpo + evaluate, source: known.source }
}

/** The forecast of what is left of a study, by the times of earlier runs alone. */
export function forecastLeft(store: Store, study: number): Promise<StudyForecast> {
  const members = store.studies
    .members(study)
    .filter(({ cancelled, status }) => !cancelled || status === 'done')
    .map((member) => ({ config: store.studies.config(member), done: member.status === 'done' }))
  return forecastStudy(store, members, { measure: false })
}

/** What each member shares with those before it. */
function sharesWithEarlier(configs: readonly Config[]): ReadonlySet<Share>[] {
  const seen = new Set<string>()
  return configs.map((config) => {
    const keys = [...shareKeys(config)].map(([share, key]) => ({ share, key: `${share} ${key}` }))
    const shared = new Set(keys.flatMap(({ share, key }) => (seen.has(key) ? [share] : [])))
    for (const { key } of keys) seen.add(key)
    return shared
  })
}

type Times = (config: Config) => StageTimes

function memberSeconds(config: Config, shares: ReadonlySet<Share>, times: Times): number {
  const { rounds } = config.flywheel
  const whole = times(config)
  const bare = times({ ...config, evaluation: { ...config.evaluation, controls: false, policy_gradients: [] } })
  const controls = controlsOf(config.evaluation).length
  const base = config.evaluation.base === true ? 1 : 0
  const arm = bare.evaluate / (base + 1 + rounds)
  // Evaluated episodes are shared after one round only.
  const played = (share: Share, arms: number) => (rounds === 1 && shares.has(share) ? 0 : arms * arm)
  return (
    (shares.has('sft') ? 0 : whole.sft) +
    whole.collect * (1 - (shares.has('collection') ? 1 / rounds : 0)) +
    bare.dpo +
    (shares.has('controls') ? 0 : whole.dpo - bare.dpo) +
    rounds * arm +
    played('sft', 1) +
    played('controls', controls) +
    played('base', base)
  )
}

/** knownShape that reads each model once: all members of a study have the same, or one of a few. */
function shapes(): typeof knownShape {
  const known = new Map<string, ModelConfig | null>()
  return ({ model }) => {
    const name = model.base_model_name
    if (!known.has(name)) known.set(name, knownShape({ model }))
    return known.get(name) ?? null
  }
}

function memberBytes(config: Config, shape: ModelConfig | null): number {
  const { tasks, evaluation, flywheel, lora } = config
  const attempts = mostAttempts(config)
  const policies = 1 + flywheel.rounds + controlsOf(evaluation).length
  const episodes = attempts + policies * (evaluation.tasks ?? tasks).length * evaluation.num_episodes_per_task
  const adapter = shape === null ? 0 : 4 * countNumbers(adapterShapes(shape, lora))
  return episodes * EPISODE_BYTES + (2 + controlsOf(evaluation).length) * adapter
}

async function freeBytes({ paths }: Config): Promise<number> {
  const { bavail, bsize } = await statfs(nearestFolder(dirname(projectPath(paths.store))))
  return bavail * bsize
}

/** How long stages take: as in an earlier run of this model, or as measured now; null where neither is possible. */
async function timesOf(
  store: Store,
  config: Config,
  measure: boolean,
): Promise<{ times: Times; source: number | 'measured' } | null> {
  const earlier = earlierTimes(store, config)
  if (earlier !== null || !measure) return earlier
  const shape = knownShape(config)
  if ((await engineOf(config)) !== 'native' || shape === null) return null
  const lengths = usualLengths(config, shape)
  const { question } = planMemory(config, lengths.prompt, lengths.completion)
  const { speed } = await measureStages(config, question, lengths)
  return { times: (one) => stageTimes(one, speed), source: 'measured' }
}

/** Runs whose stages are compared with; more would not tell more. */
const LOOKED_AT = 20

function earlierTimes(store: Store, config: Config): { times: Times; source: number } | null {
  const runs = store.runs.list().filter(({ command, status }) => command === 'pipeline' && status === 'done')
  for (const { id } of runs.slice(0, LOOKED_AT)) {
    try {
      const { config: past } = store.runs.get(id)
      const isAlike = (['model', 'environment', 'lora'] as const).every(
        (group) => JSON.stringify(past[group]) === JSON.stringify(config[group]),
      )
      const units = isAlike ? unitsOf(past, store.stages.of(id)) : null
      if (units !== null) return { times: (one) => scaled(one, units), source: id }
    } catch (error) {
      // A run of another version.
      if (!(error instanceof UserError)) throw error
    }
  }
  return null
}

/** Seconds of the units that stages consist of. */
interface Units {
  /** A training example of a step, of SFT and of preference training. */
  readonly sample: number
  readonly pair: number
  readonly attempt: number
  readonly episode: number
}

const collected = z.object({ episodes: z.int().min(1) })
const trained = z.object({ arms: z.array(z.string()).min(1) })
const evaluated = z.object({ arms: z.record(z.string(), z.object({ n: z.int(), faults: z.int() })) })

/** From the stages of a run; null where it took some from another member, or lacks one. */
function unitsOf({ training }: Config, stages: readonly StageRecord[]): Units | null {
  const last = (name: string) => stages.findLast(({ stage, status }) => stage === name && status === 'done')
  const [sft, collect, dpo, evaluate] = ['sft', 'collect', 'dpo', 'evaluate'].map(last)
  const [{ data: episodes }, { data: arms }, { data: played }] = [
    collected.safeParse(collect?.result),
    trained.safeParse(dpo?.result),
    evaluated.safeParse(evaluate?.result),
  ]
  if (!sft?.seconds || !collect || !dpo || !evaluate || !episodes || !arms || !played) return null
  const count = Object.values(played.arms).reduce((sum, { n, faults }) => sum + n + faults, 0)
  return {
    sample: sft.seconds / examplesOf(training.sft),
    pair: dpo.seconds / arms.arms.length / examplesOf(training.dpo),
    attempt: collect.seconds / episodes.episodes,
    episode: evaluate.seconds / Math.max(1, count),
  }
}

function scaled({ tasks, training, collect, evaluation, flywheel }: Config, units: Units): StageTimes {
  const controls = controlsOf(evaluation).length
  const base = evaluation.base === true ? 1 : 0
  const attempts = mostAttempts({ tasks, collect, flywheel })
  const episodes = (evaluation.tasks ?? tasks).length * evaluation.num_episodes_per_task
  return {
    sft: units.sample * examplesOf(training.sft),
    collect: units.attempt * attempts,
    attempts,
    step: units.pair * training.dpo.batch_size * training.dpo.grad_accumulation_steps,
    dpo: units.pair * examplesOf(training.dpo) * (flywheel.rounds + controls),
    evaluate: units.episode * episodes * (base + 1 + flywheel.rounds + controls),
  }
}

function examplesOf(training: Config['training']['sft'] | Config['training']['dpo']): number {
  return training.max_steps * training.batch_size * training.grad_accumulation_steps
}
