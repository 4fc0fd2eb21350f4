/**
 * Makes a lab with a long history: hundreds of runs, tens of thousands of attempts, a round of thousands of pairs and a
 * training of a hundred thousand steps. It runs one small pipeline and writes its results again and again through the
 * store's own functions, each time with new seeds.
 */

import { loadConfig } from '../main/config/config.ts'
import type { Config } from '../main/config/schema.ts'
import { uniformStream } from '../main/engine/random.ts'
import { createLab } from '../main/lab.ts'
import type { StoredEpisode } from '../main/store/episodes.ts'
import type { LoggedEvent } from '../main/store/events.ts'
import type { ArmKey } from '../main/store/keys.ts'
import type { Metric } from '../main/store/metrics.ts'
import type { StoredPair } from '../main/store/pairs.ts'
import type { Run } from '../main/store/runs.ts'
import type { StageRecord } from '../main/store/stages.ts'
import type { Store } from '../main/store/store.ts'
import { writeSmallLab } from '../testing/small-lab.ts'

export interface LabSize {
  /** Runs, including the large one. */
  readonly runs: number
  /** The least number of attempts of all runs. */
  readonly episodes: number
  /** The least number of pairs of the last run's only round. */
  readonly pairs: number
  /** Optimiser steps of the last run's DPO. */
  readonly steps: number
}

export interface LargeLab {
  /** The lab's configuration file. */
  readonly configFile: string
  readonly config: Config
  /** The id of the last run, which has the pairs and the long training. */
  readonly run: number
}

/** Seeds between two copies of the same attempts. */
const STRIDE = 1000
/** The largest noise on a value of a copied curve, as a share of it. */
const JITTER = 0.1

/** Makes the lab in an empty folder. This takes as long as a small pipeline, and a minute more for a large size. */
export async function makeLargeLab(folder: string, size: LabSize): Promise<LargeLab> {
  const configFile = writeSmallLab(folder, {
    environment: { pictures: true },
    tasks: ['click-button', 'click-checkboxes', 'click-tab', 'enter-password', 'login-user'],
    training: { sft: { max_steps: 16, eval_steps: 8 }, dpo: { max_steps: 40, batch_size: 8 } },
    evaluation: { num_episodes_per_task: 2 },
  })
  const config = loadConfig(configFile)
  const lab = createLab(config)
  try {
    const { run } = await lab.run('pipeline', config, {
      resume: null,
      signal: new AbortController().signal,
      emit: () => {},
    })
    return { configFile, config, run: multiply(lab.store, recordingOf(lab.store, run), size) }
  } finally {
    lab.close()
  }
}

/** The content of the store after one run. */
interface Recording {
  readonly run: Run
  readonly stages: readonly StageRecord[]
  readonly episodes: ReadonlyMap<ArmKey, readonly StoredEpisode[]>
  readonly pairs: readonly StoredPair[]
  readonly metrics: readonly Metric[]
  readonly events: readonly LoggedEvent[]
}

function recordingOf(store: Store, run: number): Recording {
  return {
    run: store.runs.get(run),
    stages: store.stages.of(run),
    episodes: new Map(store.episodes.arms(run).map((arm) => [arm, store.episodes.of(arm)])),
    pairs: store.pairs.of({ run, round: 1 }),
    metrics: store.metrics.of(run),
    events: store.events.after(0, Number.MAX_SAFE_INTEGER, run),
  }
}

/** Writes the other runs, the large one last; returns its id. */
function multiply(store: Store, recording: Recording, { runs, episodes, pairs, steps }: LabSize): number {
  const copies = Math.ceil(pairs / recording.pairs.length)
  const paired = copies * attemptsOf(recording).size
  const each = [...recording.episodes.values()].reduce((sum, list) => sum + list.length, 0)
  const others = runs - 2
  const share = Math.max(1, Math.round((episodes - paired) / each / (others + 2)))
  for (let at = 0; at < others; at++) {
    const run = copyRun(store, recording)
    for (let copy = 0; copy < share; copy++) copyEpisodes(store, recording, run, copy)
    copyPairs(store, recording, run, 1)
    copyMetrics(store, recording.metrics, run)
  }
  const run = copyRun(store, recording)
  const wanted = attemptsOf(recording)
  copyEpisodes(store, recording, run, 0)
  for (let copy = 1; copy < copies; copy++) copyEpisodes(store, recording, run, copy, wanted)
  copyPairs(store, recording, run, copies)
  const isLong = ({ stage, arm }: Metric) => stage === 'dpo' && arm === 'dpo'
  copyMetrics(
    store,
    recording.metrics.filter((metric) => !isLong(metric)),
    run,
  )
  stretch(store, recording.metrics.filter(isLong), run, steps)
  return run
}

/** The attempts that the pairs come from. */
function attemptsOf({ pairs }: Recording): Set<string> {
  return new Set(
    pairs.flatMap(({ task, seed, chosenAttempt, rejectedAttempt }) => [
      `${task} ${seed} ${chosenAttempt}`,
      `${task} ${seed} ${rejectedAttempt}`,
    ]),
  )
}

function copyRun(store: Store, { run, stages, events }: Recording): number {
  const id = store.runs.create(run.name, run.command, run.config)
  for (const stage of stages) {
    const key = { ...stage, run: id }
    store.stages.start(key)
    store.stages.addSeconds(key, stage.seconds)
    store.stages.end(key, stage.status, stage.result)
  }
  for (const { event } of events) store.events.add(id, event)
  store.runs.setStatus(id, run.status)
  return id
}

/** Copies every attempt with new seeds; if `wanted` is given, only those attempts of the collection. */
function copyEpisodes(store: Store, { episodes }: Recording, run: number, copy: number, wanted?: Set<string>): void {
  for (const [arm, list] of episodes) {
    if (wanted !== undefined && arm.stage !== 'collect') continue
    for (const episode of list) {
      if (wanted?.has(`${episode.task} ${episode.seed} ${episode.attempt}`) === false) continue
      store.episodes.add({ ...arm, run }, { ...episode, seed: episode.seed + copy * STRIDE })
    }
  }
}

function copyPairs(store: Store, { pairs }: Recording, run: number, copies: number): void {
  const copied = Array.from({ length: copies }, (_, copy) =>
    pairs.map((pair) => ({ ...pair, seed: pair.seed + copy * STRIDE })),
  )
  store.pairs.replace({ run, round: 1 }, copied.flat())
}

function copyMetrics(store: Store, metrics: readonly Metric[], run: number): void {
  for (const [key, steps] of bySteps(metrics)) {
    for (const [step, values] of steps) store.metrics.add({ ...key, run }, step, values)
  }
}

/** The recorded curves stretched to `steps` steps, with noise on every value. */
function stretch(store: Store, metrics: readonly Metric[], run: number, steps: number): void {
  const random = uniformStream(1)
  for (const [key, recorded] of bySteps(metrics)) {
    const rows = [...recorded.values()]
    for (let step = 1; step <= steps; step++) {
      const row = rows[Math.floor(((step - 1) * rows.length) / steps)]!
      const values = Object.entries(row).map(([name, value]) => [name, value * (1 + JITTER * (2 * random() - 1))])
      store.metrics.add({ ...key, run }, step, Object.fromEntries(values))
    }
  }
}

/** Metrics by arm and step. */
function bySteps(metrics: readonly Metric[]): Map<ArmKey, Map<number, Record<string, number>>> {
  const keys = new Map<string, ArmKey>()
  const arms = new Map<ArmKey, Map<number, Record<string, number>>>()
  for (const { run, stage, round, arm, step, name, value } of metrics) {
    const text = `${stage} ${round} ${arm}`
    const key = keys.get(text) ?? { run, stage, round, arm }
    keys.set(text, key)
    const steps = arms.get(key) ?? new Map<number, Record<string, number>>()
    arms.set(key, steps)
    steps.set(step, { ...steps.get(step), [name]: value ?? Number.NaN })
  }
  return arms
}
