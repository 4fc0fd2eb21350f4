/** An MLflow tracking server, over its REST API 2.0. */
import { z } from 'zod'
import { type Message, message } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import { KEY_TAG, type Tracker } from './tracker.ts'

/** Time limit of an answer, in milliseconds. */
const PATIENCE = 5000
/** The most values, and the most params and tags, of one request. A server refuses more. */
const METRICS_PER_BATCH = 1000
const PARAMS_PER_BATCH = 100

const info = z.object({ run_id: z.string(), artifact_uri: z.string().nullish() })
const schemas = {
  experiment: z.object({ experiment: z.object({ experiment_id: z.string() }) }),
  created: z.object({ experiment_id: z.string() }),
  found: z.object({ runs: z.array(z.object({ info })).default([]) }),
  run: z.object({ run: z.object({ info }) }),
  nothing: z.unknown(),
  problem: z.object({ error_code: z.string(), message: z.string() }),
}

/** The server answered with an error, or not at all. */
export class TrackingError extends Error {
  override readonly name = 'TrackingError'
  readonly told: Message
  /** MLflow's error code; '' if the server is not MLflow. */
  readonly code: string

  constructor(told: Message, code = '') {
    super(english(told))
    this.told = told
    this.code = code
  }
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
    const answer = await fetch(`${base}/api/2.0/${path}`, {
      method,
      headers: { ...headers, ...(typeof body === 'string' ? { 'Content-Type': 'application/json' } : {}) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : Buffer.from(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
    })
    const text = await answer.text()
    if (!answer.ok) throw problem(answer.status, text)
    return schema.parse(text === '' ? {} : JSON.parse(text))
  }
  const get = <T>(schema: z.ZodType<T>, path: string, query: Readonly<Record<string, string>>) =>
    request(schema, 'GET', `mlflow/${path}?${new URLSearchParams(query)}`)
  const post = <T>(schema: z.ZodType<T>, path: string, body: unknown) =>
    request(schema, 'POST', `mlflow/${path}`, JSON.stringify(body))

  const experimentId = async (name: string): Promise<string> => {
    const known = async () =>
      (await get(schemas.experiment, 'experiments/get-by-name', { experiment_name: name })).experiment
    try {
      return (await known()).experiment_id
    } catch (error) {
      if (!(error instanceof TrackingError && error.code === 'RESOURCE_DOES_NOT_EXIST')) throw error
    }
    return (await post(schemas.created, 'experiments/create', { name })).experiment_id
  }

  return {
    async begin({ key, experiment, name, started, params, tags }) {
      const experiment_id = await experimentId(experiment)
      const filter = `tags.\`${KEY_TAG}\` = '${key}'`
      const { runs } = await post(schemas.found, 'runs/search', {
        experiment_ids: [experiment_id],
        filter,
        max_results: 1,
      })
      const before = runs[0]?.info.run_id
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
      for (const part of chunks(listed(params), PARAMS_PER_BATCH)) {
        await post(schemas.nothing, 'runs/log-batch', { run_id, params: part })
      }
      return run_id
    },
    async log(run_id, points) {
      for (const part of chunks(points, METRICS_PER_BATCH)) {
        const metrics = part.map(({ name, value, step, time }) => ({
          key: name,
          value,
          step,
          timestamp: Math.round(time),
        }))
        await post(schemas.nothing, 'runs/log-batch', { run_id, metrics })
      }
    },
    async artifact(run_id, name, content) {
      const { run } = await get(schemas.run, 'runs/get', { run_id })
      const place = /^mlflow-artifacts:\/(?:\/[^/]*)?\/?(.*)$/.exec(run.info.artifact_uri ?? '')?.[1]
      if (place === undefined) {
        throw new TrackingError(message('trackingKeepsFiles', { uri: run.info.artifact_uri ?? '' }))
      }
      const path = `${place}/${name}`.split('/').map(encodeURIComponent).join('/')
      await request(schemas.nothing, 'PUT', `mlflow-artifacts/artifacts/${path}`, Buffer.from(content))
    },
    async end(run_id, status, end_time) {
      await post(schemas.nothing, 'runs/update', { run_id, status, end_time })
    },
  }
}

function problem(status: number, text: string): TrackingError {
  try {
    const { error_code, message: reason } = schemas.problem.parse(JSON.parse(text))
    return new TrackingError(message('verbatim', { text: `${error_code}: ${reason.split('\n')[0]}` }), error_code)
  } catch {
    return new TrackingError(message('trackingStatus', { status }))
  }
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
