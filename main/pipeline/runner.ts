/** Runs stages one after another. Skips those that are done, and records time, progress and outcome. */

import type { Config } from '../config/schema.ts'
import { type Failure, failureOf, NO_FAILURE } from '../messages/error.ts'
import { english } from '../messages/say.ts'
import type { RoundKey } from '../store/keys.ts'
import type { Run, Status } from '../store/runs.ts'
import type { Store } from '../store/store.ts'
import { readValue } from '../store/values.ts'
import { runArtifacts } from './artifacts.ts'
import { type Emit, sayer, teller } from './events.ts'
import { progressMeter } from './progress.ts'
import type { Resources } from './resources.ts'
import type { Stage, StageContext } from './stage.ts'

export interface Runner {
  readonly config: Config
  /** The earlier collection that the run trains on; null where it uses its own, or the latest. */
  readonly collection: RoundKey | null
  /** Runs a stage of a round and returns its result. A stage that the run has finished is skipped. */
  perform<Result>(stage: Stage<Result>, round: number): Promise<Result>
}

export interface RunnerOptions {
  readonly store: Store
  readonly run: Pick<Run, 'id' | 'name' | 'config' | 'collection'>
  readonly resources: Resources
  readonly signal: AbortSignal
  readonly emit: Emit
}

/** Milliseconds between two updates of a stage's time, so that a kill loses no more than this. */
const HEARTBEAT = 1000

/**
 * Runs `work`, which performs stages, and marks the run with its outcome: 'done', 'stopped' where the signal cancelled
 * it, 'failed' for any other error. Errors are thrown on to the caller.
 */
export async function runStages<Result>(
  options: RunnerOptions,
  work: (runner: Runner) => Promise<Result>,
): Promise<Result> {
  const { store, run, signal, emit } = options
  const end = (status: Exclude<Status, 'running'>, failure: Failure) => {
    store.runs.setStatus(run.id, status)
    const seconds = store.stages.of(run.id).reduce((sum, stage) => sum + stage.seconds, 0)
    emit({ event: 'end', run: run.id, status, seconds, ...failure })
  }
  store.runs.setStatus(run.id, 'running')
  let result: Result
  try {
    const { config, collection } = run
    result = await work({ config, collection, perform: (stage, round) => perform(options, stage, round) })
  } catch (thrown) {
    const status = endingOf(signal)
    evenIfTheStoreFails(() => end(status, status === 'failed' ? failureOf(thrown) : NO_FAILURE))
    throw thrown
  }
  end('done', NO_FAILURE)
  return result
}

async function perform<Result>(options: RunnerOptions, stage: Stage<Result>, round: number): Promise<Result> {
  const { store, run, signal, emit } = options
  const key = { run: run.id, stage: stage.name, round }
  const record = () => store.stages.of(run.id).find((one) => one.stage === stage.name && one.round === round)
  const tell = (status: Status | 'skipped') => {
    const { seconds = 0, result = null } = record() ?? {}
    emit({ event: 'stage', stage: stage.name, title: english(stage.title), round, status, seconds, result })
  }

  const before = record()
  if (before?.status === 'done') {
    tell('skipped')
    return readValue(stage.result, 'stages.result', before.result)
  }
  signal.throwIfAborted()
  store.stages.start(key)
  tell('running')
  const clock = stageClock((seconds) => store.stages.addSeconds(key, seconds))
  const end = (status: Exclude<Status, 'running'>, result: Result | null) => {
    store.stages.end(key, status, result)
    tell(status)
  }
  let result: Result
  try {
    result = await stage.run(contextOf(options, stage, round))
  } catch (error) {
    clock.stop()
    evenIfTheStoreFails(() => end(endingOf(signal), null))
    throw error
  }
  clock.stop()
  end('done', result)
  return result
}

/** Records how something failed. If the store fails as well, the first error is the one to tell. */
function evenIfTheStoreFails(record: () => void): void {
  try {
    record()
  } catch {
    // The run stays recorded as running. Without a process at work on it, it counts as interrupted, and can be resumed.
  }
}

function contextOf(options: RunnerOptions, stage: Stage<unknown>, round: number): StageContext {
  const { store, run, resources, signal, emit } = options
  const place = { stage: stage.name, round }
  const measure = progressMeter()
  const arm = (name: string) => ({ run: run.id, ...place, arm: name })
  return {
    config: run.config,
    store,
    run: run.id,
    round,
    collection: run.collection,
    artifacts: runArtifacts(run.config, run),
    resources,
    signal,
    arm,
    progress: (done, total, counted) =>
      emit({ event: 'progress', ...place, ...measure(done, total, english(counted)), counted }),
    metrics(name, step, metrics) {
      store.metrics.add(arm(name), step, metrics)
      emit({ event: 'metrics', ...place, arm: name, step, metrics })
    },
    say: sayer(emit, place),
    tell: teller(emit, place),
  }
}

function endingOf(signal: AbortSignal): 'stopped' | 'failed' {
  return signal.aborted ? 'stopped' : 'failed'
}

/** Passes elapsed seconds to `add`, bit by bit, until it is stopped. What `add` does not take, it gets with the next. */
function stageClock(add: (seconds: number) => boolean): { stop(): void } {
  let since = performance.now()
  const tick = () => {
    const now = performance.now()
    if (add((now - since) / 1000)) since = now
  }
  const timer = setInterval(tick, HEARTBEAT)
  return {
    stop() {
      clearInterval(timer)
      tick()
    },
  }
}
