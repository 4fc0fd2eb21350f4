/**
 * Reports the trainings and evaluations of a run to MLflow while they go on. The reports are read from the store, and the
 * store records how far they got. So a run never waits for MLflow. If a tracking server is away, this run or a later one
 * reports the rest when it answers again.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config/schema.ts'
import { projectPath, shownPath } from '../files/paths.ts'
import { messageOf } from '../messages/error.ts'
import { type Message, message, type Say } from '../messages/message.ts'
import type { LabEvent } from '../pipeline/events.ts'
import type { ArmKey } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { TrackedArm, TrackedArms } from '../store/tracked.ts'
import { fileStore } from './file-store.ts'
import { armOf, artifactsOf, describeRun, endingOf, evaluationPoints } from './records.ts'
import { trackingServer } from './server.ts'
import { type Point, type Tracker, TrackingError, TrackingGone, TrackingInTrash } from './tracker.ts'

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
  /** What is in MLflow's trash: asked for again by the next run. */
  const trashed = new Set<string>()
  const warn = (id: 'trackingAway' | 'trackingFiles' | 'trackingDeleted', error: unknown) => {
    const why = reasonOf(error)
    const once = id === 'trackingDeleted' ? JSON.stringify(why) : id
    if (warned.has(once)) return
    warned.add(once)
    try {
      say(id, { place, why })
    } catch {
      // The log is in the store. If that fails, the run itself will say so.
    }
  }
  /** Reports what is new, and goes on after what one training or evaluation cannot report. Returns whether all was well. */
  const work = async () => {
    let well = true
    const each = async (key: string, report: () => Promise<void>) => {
      try {
        if (!trashed.has(key)) await report()
      } catch (error) {
        if (error instanceof TrackingInTrash) {
          trashed.add(key)
          warn('trackingDeleted', error)
          return
        }
        warn('trackingAway', error)
        well = false
        // The next ones would wait as long.
        if (error instanceof TrackingError && error.passing) throw error
      }
    }
    try {
      for (const arm of arms.open()) {
        await each(JSON.stringify([arm.run, arm.stage, arm.round, arm.arm]), async () => {
          const refused = await tell({ store, arms, tracker, run }, arm)
          if (refused !== null) warn('trackingFiles', refused)
        })
      }
      for (const { id, time } of arms.left()) {
        await each(id, async () => {
          await endLeft(tracker, id, time)
          arms.forget(id)
        })
      }
    } catch (error) {
      warn('trackingAway', error)
      well = false
    }
    return well
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
      const limit = setTimeout(
        () => leave.abort(new TrackingError(message('trackingSilent'), { passing: true })),
        farewell,
      )
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

/** Ends a run whose lab run was deleted before its end was reported. */
async function endLeft(tracker: Tracker, id: string, time: number): Promise<void> {
  try {
    await tracker.end(id, 'KILLED', time)
  } catch (error) {
    if (!(error instanceof TrackingGone || error instanceof TrackingInTrash)) throw error
  }
}

interface Teller {
  readonly store: Store
  readonly arms: TrackedArms
  readonly tracker: Tracker
  /** The run that is followed. */
  readonly run: number
}

/**
 * Reports what is new of an arm; all of it, if MLflow no longer has its run. Returns why its files were refused; null if they
 * were not, or are not due yet.
 */
async function tell(teller: Teller, known: TrackedArm): Promise<TrackingError | null> {
  try {
    return await tellNew(teller, known)
  } catch (error) {
    if (!(error instanceof TrackingGone) || known.id === null) throw error
    const again = { ...known, id: null, step: 0 }
    teller.arms.put(again)
    return tellNew(teller, again)
  }
}

async function tellNew({ store, arms, tracker, run: own }: Teller, known: TrackedArm): Promise<TrackingError | null> {
  const run = store.runs.get(known.run)
  const stage = store.stages.of(run.id).find((one) => one.stage === known.stage && one.round === known.round)
  if (stage === undefined) return null
  // One run is at work on a store at a time, so a stage of another run that was running was killed.
  const status = stage.status === 'running' && known.run !== own ? 'stopped' : stage.status
  // Before the metrics are read: later ones are reported the next time.
  const ending = endingOf(run, known, status)
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
    if (!(error instanceof TrackingError) || error.passing) throw error
    if (error instanceof TrackingGone || error instanceof TrackingInTrash) throw error
    return error
  }
}

function reasonOf(error: unknown): Message {
  return error instanceof TrackingError ? error.told : messageOf(error)
}
