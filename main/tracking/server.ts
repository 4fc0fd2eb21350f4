/** An MLflow tracking server, over its REST API 2.0. */
import { z } from 'zod'
import { UserError } from '../messages/error.ts'
import { message } from '../messages/message.ts'
import { reasonOf } from '../messages/reason.ts'
import { proxiedFetch, reasonOfFetch, throughProxy } from '../network/proxy.ts'
import { KEY_TAG, type Point, type Tracker, TrackingError, TrackingGone, TrackingInTrash } from './tracker.ts'

/** Time limits in milliseconds: of an answer, and of taking a file. */
const PATIENCE = 5000
const FILE_PATIENCE = 60_000
/** The most values, and the most params and tags, of one request. A server refuses more. */
const METRICS_PER_BATCH = 1000
const PARAMS_PER_BATCH = 100
/** The longest value of a param that versions of MLflow before 2.8 take. */
const SHORT = 500

const lifecycle_stage = z.string().default('active')
const info = z.object({
  run_id: z.string(),
  run_name: z.string().default(''),
  artifact_uri: z.string().nullish(),
  lifecycle_stage,
})
/** The value of each metric at its last step. */
const metrics = z.array(z.object({ key: z.string(), step: z.coerce.number().default(0) })).default([])
const schemas = {
  experiment: z.object({ experiment: z.object({ experiment_id: z.string(), lifecycle_stage }) }),
  created: z.object({ experiment_id: z.string() }),
  found: z.object({ runs: z.array(z.object({ info })).default([]) }),
  run: z.object({ run: z.object({ info, data: z.object({ metrics }).prefault({}) }) }),
  nothing: z.unknown(),
  problem: z.object({ error_code: z.string(), message: z.string() }),
}

/**
 * A tracker at an address such as http://127.0.0.1:5000. It logs in with MLflow's own variables: MLFLOW_TRACKING_TOKEN, or
 * MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD. Aborting `signal` ends waiting requests.
 */
export function trackingServer(
  address: string,
  signal: AbortSignal,
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Tracker {
  const base = address.replace(/\/+$/, '')
  const headers = authorization(variables)
  const request = async <T>(
    schema: z.ZodType<T>,
    method: string,
    path: string,
    body?: string | Uint8Array,
  ): Promise<T> => {
    const limit = AbortSignal.timeout(body instanceof Uint8Array ? FILE_PATIENCE : PATIENCE)
    const ask = async () => {
      const answer = await proxiedFetch(`${base}/api/2.0/${path}`, {
        method,
        headers: { ...headers, ...(typeof body === 'string' ? { 'Content-Type': 'application/json' } : {}) },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : Buffer.from(body) }),
        signal: AbortSignal.any([signal, limit]),
      })
      return { answer, text: await answer.text() }
    }
    const { answer, text } = await ask().catch((error) => {
      signal.throwIfAborted()
      throw error instanceof UserError ? error : away(base, error, limit)
    })
    if (!answer.ok) throw problem(answer.status, text)
    return schema.parse(text === '' ? {} : readJson(text))
  }
  const get = <T>(schema: z.ZodType<T>, path: string, query: Readonly<Record<string, string>>) =>
    request(schema, 'GET', `mlflow/${path}?${new URLSearchParams(query)}`)
  const post = <T>(schema: z.ZodType<T>, path: string, body: unknown) =>
    request(schema, 'POST', `mlflow/${path}`, JSON.stringify(body))

  const experimentId = async (name: string): Promise<string> => {
    const known = async () => {
      const { experiment } = await get(schemas.experiment, 'experiments/get-by-name', { experiment_name: name })
      if (experiment.lifecycle_stage === 'deleted') throw new TrackingInTrash({ experiment: name })
      return experiment.experiment_id
    }
    try {
      return await known()
    } catch (error) {
      if (!hasCode(error, 'RESOURCE_DOES_NOT_EXIST')) throw error
    }
    try {
      return (await post(schemas.created, 'experiments/create', { name })).experiment_id
    } catch (error) {
      // Another process was quicker.
      if (hasCode(error, 'RESOURCE_ALREADY_EXISTS')) return known()
      throw error
    }
  }

  const runOf = async (run_id: string) => (await get(schemas.run, 'runs/get', { run_id })).run

  /** Does work on a run. If the server refuses it, says whether the run is still there. */
  const onRun = async <T>(run_id: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof TrackingError) || error.passing) throw error
      const run = await runOf(run_id).catch((other) => {
        throw hasCode(other, 'RESOURCE_DOES_NOT_EXIST') ? new TrackingGone() : error
      })
      throw run.info.lifecycle_stage === 'deleted' ? new TrackingInTrash({ run: run.info.run_name }) : error
    }
  }

  /** Sends params, which never change once a run has them. Servers before 2.8 take only short values. */
  const sendParams = async (run_id: string, params: Readonly<Record<string, string>>) => {
    for (const part of chunks(listed(params), PARAMS_PER_BATCH)) {
      const send = (longest: number) =>
        post(schemas.nothing, 'runs/log-batch', {
          run_id,
          params: part.map(({ key, value }) => ({ key, value: value.slice(0, longest) })),
        })
      await send(Number.POSITIVE_INFINITY).catch((error) => {
        if (!hasCode(error, 'INVALID_PARAMETER_VALUE')) throw error
        return send(SHORT)
      })
    }
  }

  /** The last step of each metric that a run has. Unknown for a run that this process has not sent to, and after a failure. */
  const sent = new Map<string, Map<string, number>>()
  const lastSteps = async (run_id: string) => {
    const known = sent.get(run_id)
    if (known !== undefined) return known
    const { data } = await runOf(run_id)
    return new Map(data.metrics.map(({ key, step }) => [key, step]))
  }

  return {
    async begin({ key, experiment, name, started, params, tags }) {
      const experiment_id = await experimentId(experiment)
      const find = async (run_view_type: 'ACTIVE_ONLY' | 'DELETED_ONLY') => {
        const filter = `tags.\`${KEY_TAG}\` = '${key}'`
        const question = { experiment_ids: [experiment_id], filter, run_view_type, max_results: 1 }
        return (await post(schemas.found, 'runs/search', question)).runs[0]?.info.run_id
      }
      const before = await find('ACTIVE_ONLY')
      if (before === undefined && (await find('DELETED_ONLY')) !== undefined) throw new TrackingInTrash({ run: name })
      if (before !== undefined) await post(schemas.nothing, 'runs/update', { run_id: before, status: 'RUNNING' })
      const create = async () => {
        const tagged = listed({ ...tags, 'mlflow.runName': name, [KEY_TAG]: key })
        const { run } = await post(schemas.run, 'runs/create', {
          experiment_id,
          run_name: name,
          start_time: started,
          tags: tagged,
        })
        return run.info.run_id
      }
      const run_id = before ?? (await create())
      // Also for an existing run: an attempt that broke off may have created it.
      await onRun(run_id, () => sendParams(run_id, params))
      return run_id
    },
    log: (run_id, points) =>
      onRun(run_id, async () => {
        const last = await lastSteps(run_id)
        sent.delete(run_id)
        const fresh = points.filter(({ name, step }) => step > (last.get(name) ?? -1))
        for (const part of chunks(fresh, METRICS_PER_BATCH)) {
          await post(schemas.nothing, 'runs/log-batch', { run_id, metrics: part.map(metricOf) })
          for (const { name, step } of part) last.set(name, step)
        }
        sent.set(run_id, last)
      }),
    async artifact(run_id, name, content) {
      const run = await onRun(run_id, () => runOf(run_id))
      if (run.info.lifecycle_stage === 'deleted') throw new TrackingInTrash({ run: run.info.run_name })
      const place = /^mlflow-artifacts:\/(?:\/[^/]*)?\/?(.*)$/.exec(run.info.artifact_uri ?? '')?.[1]
      if (place === undefined) {
        throw new TrackingError(message('trackingKeepsFiles', { uri: run.info.artifact_uri ?? '' }))
      }
      const path = `${place}/${name}`.split('/').map(encodeURIComponent).join('/')
      await request(schemas.nothing, 'PUT', `mlflow-artifacts/artifacts/${path}`, Buffer.from(content))
    },
    end: (run_id, status, end_time) =>
      onRun(run_id, async () => {
        await post(schemas.nothing, 'runs/update', { run_id, status, end_time })
      }),
  }
}

function problem(status: number, text: string): TrackingError {
  const passing = status >= 500 || status === 429
  try {
    const { error_code: code, message: reason } = schemas.problem.parse(JSON.parse(text))
    return new TrackingError(message('verbatim', { text: `${code}: ${reason.split('\n')[0]}` }), { code, passing })
  } catch {
    return new TrackingError(message('trackingStatus', { status }), { passing })
  }
}

/** The error for a server that gave no answer. fetch hides the reason in the cause. */
function away(base: string, error: unknown, limit: AbortSignal): TrackingError {
  const reason = error instanceof TypeError ? reasonOfFetch(error) : reasonOf(error)
  const text = throughProxy(base, limit.aborted ? message('trackingSilent') : reason)
  return new TrackingError(message('verbatim', { text }), { passing: true })
}

/** Parses an answer. Throws TrackingError where the server is none of MLflow. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new TrackingError(message('trackingNotMlflow'))
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof TrackingError && error.code === code
}

function metricOf({ name, value, step, time }: Point) {
  return { key: name, value, step, timestamp: Math.round(time) }
}

function authorization(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const { MLFLOW_TRACKING_TOKEN: token, MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: password } = variables
  if (user !== undefined && password !== undefined) {
    return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
  }
  return token === undefined ? {} : { Authorization: `Bearer ${token}` }
}

function listed(values: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(values).map(([key, value]) => ({ key, value }))
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))
}
