/**
 * Writes MLflow's file store, which `mlflow ui --backend-store-uri <folder>` reads:
 *
 *     <experiment>/meta.yaml
 *     <experiment>/<run>/meta.yaml            written last: without it MLflow sees no run
 *                        params/<name>        the value
 *                        tags/<name>
 *                        metrics/<name>       a line a value: time, value, step
 *                        artifacts/
 *     .trash/<experiment>/                    an experiment that was deleted in MLflow; a deleted run stays where it is
 */
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { makeFolder, writeFileAtomic } from '../files/file.ts'
import { isUnfinished } from '../files/unfinished.ts'
import {
  type Ending,
  KEY_TAG,
  type Point,
  type TrackedRun,
  type Tracker,
  TrackingGone,
  TrackingInTrash,
} from './tracker.ts'

/** MLflow's numbers. */
const STATUS = { RUNNING: 1, FINISHED: 3, FAILED: 4, KILLED: 5 } as const
const LOCAL_SOURCE = 4
const DELETED = 'deleted'
const TRASH = '.trash'

/** A tracker that writes into a folder. Its ids are paths in that folder: <experiment>/<run>. */
export function fileStore(root: string): Tracker {
  return {
    async begin(run) {
      const runId = digest(run.key).slice(0, 32)
      const before = experimentWith(root, runId)
      if (before !== undefined) {
        const id = `${before}/${runId}`
        const folder = activeFolder(root, id)
        writeMeta(folder, { ...readMeta(folder), status: STATUS.RUNNING, end_time: null })
        return id
      }
      const experiment = experimentOf(root, run)
      const id = `${experiment}/${runId}`
      const folder = join(root, id)
      for (const name of ['metrics', 'artifacts']) makeFolder(join(folder, name))
      const tags = { ...run.tags, 'mlflow.runName': run.name, [KEY_TAG]: run.key }
      for (const [name, value] of Object.entries(run.params)) put(join(folder, 'params', name), value)
      for (const [name, value] of Object.entries(tags)) put(join(folder, 'tags', name), value)
      writeMeta(folder, {
        artifact_uri: pathToFileURL(join(folder, 'artifacts')).href,
        end_time: null,
        entry_point_name: '',
        experiment_id: experiment,
        lifecycle_stage: 'active',
        run_id: runId,
        run_uuid: runId,
        run_name: run.name,
        source_name: '',
        source_type: LOCAL_SOURCE,
        source_version: '',
        start_time: run.started,
        status: STATUS.RUNNING,
        tags: [],
        user_id: '',
      })
      return id
    },
    async log(id, points) {
      const folder = activeFolder(root, id)
      for (const [name, values] of Map.groupBy(points, ({ name }) => name)) {
        const file = join(folder, 'metrics', name)
        const last = lastStep(file)
        append(
          file,
          values
            .filter(({ step }) => step > last)
            .map(lineOf)
            .join(''),
        )
      }
    },
    async artifact(id, name, content) {
      writeFileAtomic(join(activeFolder(root, id), 'artifacts', name), content)
    },
    async end(id, ending: Ending, time) {
      const folder = activeFolder(root, id)
      writeMeta(folder, { ...readMeta(folder), status: STATUS[ending], end_time: time })
    },
  }
}

/**
 * The id of the experiment of this name. Creates the experiment if there is none. Throws TrackingInTrash if it was deleted:
 * MLflow gives the name to no other while it could be restored.
 */
function experimentOf(root: string, { experiment: name, started }: TrackedRun): string {
  const named = (folder: string) => experimentsIn(folder).filter((id) => experimentMeta(join(folder, id)).name === name)
  const here = named(root)
  const active = here.find((id) => experimentMeta(join(root, id)).lifecycle_stage !== DELETED)
  if (active !== undefined) return active
  if (here.length > 0 || named(join(root, TRASH)).length > 0) throw new TrackingInTrash({ experiment: name })
  const id = freeId(root, name)
  writeMeta(join(root, id), {
    artifact_location: pathToFileURL(join(root, id)).href,
    creation_time: started,
    experiment_id: id,
    last_update_time: started,
    lifecycle_stage: 'active',
    name,
  })
  return id
}

/**
 * A number, as MLflow wants it. These 18 digits come from the name, so every process makes the same id. Another experiment
 * may have it, or one in the trash: it had this name before it was renamed.
 */
function freeId(root: string, name: string): string {
  for (let salt = 0; ; salt++) {
    const hash = BigInt(`0x${digest(salt === 0 ? name : `${name} ${salt}`).slice(0, 14)}`)
    const id = String(100_000_000_000_000_000n + (hash % 900_000_000_000_000_000n))
    if (isFree(join(root, id)) && !existsSync(join(root, TRASH, id))) return id
  }
}

/** Whether a folder is missing, or is what a full disk or a kill left of an experiment that was being made. */
function isFree(folder: string): boolean {
  return !existsSync(folder) || readdirSync(folder).every(isUnfinished)
}

/** The experiment that has a run of this id, also where it was renamed. Throws TrackingInTrash if it was deleted. */
function experimentWith(root: string, run: string): string | undefined {
  const holds = (folder: string) => experimentsIn(folder).find((id) => existsSync(metaOf(join(folder, id, run))))
  const trashed = holds(join(root, TRASH))
  if (trashed !== undefined) throw inTrash(root, trashed)
  return holds(root)
}

/** The folder of a run that is neither deleted nor in a deleted experiment. */
function activeFolder(root: string, id: string): string {
  const folder = join(root, id)
  if (!existsSync(metaOf(folder))) {
    const [experiment = ''] = id.split('/')
    throw existsSync(metaOf(join(root, TRASH, id))) ? inTrash(root, experiment) : new TrackingGone()
  }
  const { lifecycle_stage, run_name } = readMeta(folder)
  if (lifecycle_stage === DELETED) throw new TrackingInTrash({ run: String(run_name) })
  return folder
}

function inTrash(root: string, experiment: string): TrackingInTrash {
  return new TrackingInTrash({ experiment: String(experimentMeta(join(root, TRASH, experiment)).name) })
}

function experimentsIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((id) => existsSync(metaOf(join(folder, id)))) : []
}

/** What is known of an experiment; nothing where its file is damaged. */
function experimentMeta(folder: string): Record<string, unknown> {
  try {
    return readMeta(folder)
  } catch {
    return {}
  }
}

/** The most bytes that a line of metrics takes, and more. */
const LINE = 4096

/** The step of the last line of a metric's file; -1 where there is none. A line that was cut off is removed. */
function lastStep(path: string): number {
  if (!existsSync(path)) return -1
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    const bytes = Buffer.alloc(Math.min(size, LINE))
    readSync(file, bytes, 0, bytes.length, size - bytes.length)
    const end = bytes.lastIndexOf('\n') + 1
    if (end < bytes.length) truncateSync(path, size - bytes.length + end)
    const line = bytes.subarray(0, end).toString().trimEnd().split('\n').at(-1) ?? ''
    return Number(line.split(' ')[2] ?? -1)
  } finally {
    closeSync(file)
  }
}

function lineOf({ time, value, step }: Point): string {
  return `${Math.round(time)} ${value} ${step}\n`
}

function metaOf(folder: string): string {
  return join(folder, 'meta.yaml')
}

const metaSchema = z.record(z.string(), z.unknown())

function readMeta(folder: string): Record<string, unknown> {
  return metaSchema.parse(parse(readFileSync(metaOf(folder), 'utf8')))
}

function writeMeta(folder: string, meta: Readonly<Record<string, unknown>>): void {
  writeFileAtomic(metaOf(folder), stringify(meta, { singleQuote: true }))
}

/** Writes a file of a run that has no meta.yaml yet. Without it there is no run, so the files need no sync one by one. */
function put(path: string, text: string): void {
  makeFolder(dirname(path))
  writeFileSync(path, text)
}

/** Appends with one write: a kill leaves all of the lines, or none. */
function append(path: string, lines: string): void {
  if (lines === '') return
  makeFolder(dirname(path))
  appendFileSync(path, lines)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
