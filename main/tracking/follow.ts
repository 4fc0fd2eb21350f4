/**
 * Reports the trainings and evaluations of a run to MLflow while they go on. The reports are read from the store, and the
 * store records how far they got. So a run never waits for MLflow. If a tracking server is away, this run or a later one
 * reports the rest when it answers again.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config/schema.ts'
import { projectPath, shownPath } from '../files/paths.ts'
import { type Message, message, type Say } from '../messages/message.ts'
import type { LabEvent } from '../pipeline/events.ts'
import type { ArmKey } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { TrackedArm, TrackedArms } from '../store/tracked.ts'
import { fileStore } from './file-store.ts'
import { armOf, artifactsOf, describeRun, endingOf, evaluationPoints } from './records.ts'
import { TrackingError, trackingServer } from './server.ts'
import type { Point, Tracker } from './tracker.ts'

/** Milliseconds between two reads of the store, and between a failed attempt and the next. */
const PACE = { usual: 2000, away: 30_000 }
/** Milliseconds that the end of a run waits for the remaining reports. */
const FAREWELL = 5000

export interface Following {
  /** Receives the run's events, which name its trainings and evaluations. */
  hear(event: LabEvent): void
  /** Reports what is left, for a few seconds at most, and ends. Throws nothing. */
  close(): Promise<void>
}

export interface FollowOptions {
  readonly store: Store
  readonly run: number
  /** Called once if MLflow cannot be written. */
  readonly say: Say
  readonly pace?: typeof PACE
  readonly farewell?: number
}

/** The folder that `tracking.uri` names; null if it is a server or null. */
export function trackingFolder({ tracking: { uri }, paths }: Pick<Config, 'tracking' | 'paths'>): string | null {
  if (uri === 'auto') return join(dirname(projectPath(paths.store)), 'mlruns')
  if (uri === null || !uri.startsWith('file:')) return null
  return uri.startsWith('file:///') ? fileURLToPath(uri) : projectPath(uri.slice('file:'.length))
}

/** Follows a run until it is closed. Does nothing if `tracking.uri` is null. */
export function followRun({ store, run, say, pace = PACE, farewell = FAREWELL }: FollowOptions): Following {
  const { config } = store.runs.get(run)
  const { uri } = config.tracking
  if (uri === null) return { hear() {}, close: async () => {} }
  const leave = new AbortController()
  const folder = trackingFolder(config)
  const tracker = folder === null ? trackingServer(uri, leave.signal) : fileStore(folder)
  const place = folder === null ? uri : shownPath(folder)
  const arms = store.tracked(place)
  const heard = new Set<string>()
  const warned = new Set<string>()
  const warn = (id: 'trackingAway' | 'trackingFiles', error: unknown) => {
    if (warned.has(id)) return
    warned.add(id)
    try {
      say(id, { place, why: reasonOf(error) })
    } catch {
      // The log is in the store. If that fails, the run itself will say so.
    }
  }
  const work = async () => {
    try {
      for (const arm of arms.open()) {
        const refused = await tell({ store, arms, tracker }, arm)
        if (refused !== null) warn('trackingFiles', refused)
      }
      return true
    } catch (error) {
      warn('trackingAway', error)
      return false
    }
  }
  let working: Promise<unknown> | undefined
  let next = 0
  const timer = setInterval(() => {
    if (working !== undefined || Date.now() < next) return
    working = work().then((well) => {
      next = Date.now() + (well ? 0 : pace.away)
      working = undefined
    })
  }, pace.usual)
  timer.unref()
  return {
    hear(event) {
      const key = armOf(run, event)
      if (key === null || heard.has(JSON.stringify(key))) return
      heard.add(JSON.stringify(key))
      note(arms, key)
    },
    async close() {
      clearInterval(timer)
      const limit = setTimeout(() => leave.abort(new TrackingError(message('trackingSilent'))), farewell)
      await working
      await work()
      clearTimeout(limit)
    },
  }
}

/** Records in the store that there is something to report, so that it is not lost while MLflow is away. */
function note(arms: TrackedArms, key: ArmKey): void {
  const known = arms.get(key)
  // If an arm was resumed after its end was reported, it begins again; MLflow finds its run by the key.
  if (known === undefined) arms.put({ ...key, id: null, step: 0, time: Date.now(), ended: false })
  else if (known.ended) arms.put({ ...known, id: null, ended: false })
}

interface Teller {
  readonly store: Store
  readonly arms: TrackedArms
  readonly tracker: Tracker
}

/** Reports what is new of an arm. Returns why its files were refused; null if they were not, or are not due yet. */
async function tell({ store, arms, tracker }: Teller, known: TrackedArm): Promise<TrackingError | null> {
  const run = store.runs.get(known.run)
  const stage = store.stages.of(run.id).find((one) => one.stage === known.stage && one.round === known.round)
  if (stage === undefined) return null
  // Before the metrics are read: later ones are reported the next time.
  const ending = endingOf(run, known, stage.status)
  const id = known.id ?? (await tracker.begin(describeRun(run, known, known.time)))
  const steps = store.metrics.after(known, known.step)
  const until = stage.ended ?? Date.now()
  const points = steps.flatMap(({ step, metrics }, at): Point[] => {
    // The store has no times of single steps, so the steps are spread evenly over the time between.
    const time = known.time + ((until - known.time) * (at + 1)) / steps.length
    return Object.entries(metrics).flatMap(([name, value]) => (value === null ? [] : [{ name, value, step, time }]))
  })
  if (points.length > 0) await tracker.log(id, points)
  const told = { ...known, id, ...(points.length > 0 ? { step: steps.at(-1)!.step, time: until } : {}) }
  arms.put(told)
  if (ending === null) return null

  if (stage.stage === 'evaluate' && ending === 'FINISHED') await tracker.log(id, evaluationPoints(store, run.id, until))
  const refused = await tellFiles(tracker, id, artifactsOf(store, run, known))
  // A training ended when its last step was reported: other trainings of its stage came after it.
  await tracker.end(id, ending, stage.stage === 'evaluate' ? until : told.time)
  arms.put({ ...told, ended: true })
  return refused
}

/** Sends the files. Returns why one was refused, else null: the server would refuse it again, so the run ends without it. */
async function tellFiles(
  tracker: Tracker,
  id: string,
  files: ReturnType<typeof artifactsOf>,
): Promise<TrackingError | null> {
  try {
    for (const [name, content] of files) await tracker.artifact(id, name, content)
    return null
  } catch (error) {
    if (error instanceof TrackingError) return error
    throw error
  }
}

/** The reason of an error. fetch hides it in the cause. */
function reasonOf(error: unknown): string | Message {
  if (error instanceof TrackingError) return error.told
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message
}
