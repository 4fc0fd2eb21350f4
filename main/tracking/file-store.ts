/**
 * Writes MLflow's file store, which `mlflow ui --backend-store-uri <folder>` reads:
 *
 *     <experiment>/meta.yaml
 *     <experiment>/<run>/meta.yaml            written last: without it MLflow sees no run
 *                        params/<name>        the value
 *                        tags/<name>
 *                        metrics/<name>       a line a value: time, value, step
 *                        artifacts/
 */
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { writeFileAtomic } from '../files/file.ts'
import { type Ending, KEY_TAG, type Point, type TrackedRun, type Tracker } from './tracker.ts'

/** MLflow's numbers. */
const STATUS = { RUNNING: 1, FINISHED: 3, FAILED: 4, KILLED: 5 } as const
const LOCAL_SOURCE = 4

/** A tracker that writes into a folder. Its ids are paths in that folder: <experiment>/<run>. */
export function fileStore(root: string): Tracker {
  return {
    async begin(run) {
      const experiment = experimentOf(root, run)
      const runId = digest(run.key).slice(0, 32)
      const id = `${experiment}/${runId}`
      const folder = join(root, id)
      if (existsSync(metaOf(folder))) {
        writeMeta(folder, { ...readMeta(folder), status: STATUS.RUNNING, end_time: null })
        return id
      }
      for (const name of ['metrics', 'artifacts']) mkdirSync(join(folder, name), { recursive: true })
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
      const lines = Map.groupBy(points, ({ name }) => name)
      for (const [name, values] of lines) append(join(root, id, 'metrics', name), values.map(lineOf).join(''))
    },
    async artifact(id, name, content) {
      writeFileAtomic(join(root, id, 'artifacts', name), content)
    },
    async end(id, ending: Ending, time) {
      const folder = join(root, id)
      writeMeta(folder, { ...readMeta(folder), status: STATUS[ending], end_time: time })
    },
  }
}

/** The id of the experiment of this name. Creates the experiment if there is none. */
function experimentOf(root: string, { experiment: name, started }: TrackedRun): string {
  const folders = existsSync(root) ? readdirSync(root) : []
  for (const id of folders) {
    const meta = existsSync(metaOf(join(root, id))) ? readMeta(join(root, id)) : {}
    if (meta.name === name && meta.lifecycle_stage === 'active') return id
  }
  // MLflow wants a number. These 18 digits come from the name, so every process makes the same id.
  const id = String(100_000_000_000_000_000n + (BigInt(`0x${digest(name).slice(0, 14)}`) % 900_000_000_000_000_000n))
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
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

/** Appends with one write: a kill leaves all of the lines, or none. */
function append(path: string, lines: string): void {
  mkdirSync(dirname(path), { recursive: true })
  appendFileSync(path, lines)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
