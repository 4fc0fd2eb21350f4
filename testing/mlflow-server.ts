/** For tests: an MLflow tracking server as a client sees it. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'

const pairs = z.array(z.object({ key: z.string(), value: z.string() })).default([])
const bodies = {
  search: z.object({ filter: z.string(), run_view_type: z.enum(['ACTIVE_ONLY', 'DELETED_ONLY']) }),
  create: z.object({ experiment_id: z.string(), run_name: z.string(), start_time: z.int(), tags: pairs }),
  batch: z.object({
    run_id: z.string(),
    metrics: z
      .array(z.object({ key: z.string(), value: z.number(), step: z.int(), timestamp: z.int() }))
      .max(1000)
      .default([]),
    params: pairs.refine((list) => list.length <= 100),
  }),
  update: z.object({ run_id: z.string(), status: z.string(), end_time: z.int().optional() }),
}

export interface KeptRun {
  readonly name: string
  status: string
  lifecycle: 'active' | 'deleted'
  readonly tags: Map<string, string>
  readonly params: Map<string, string>
  readonly metrics: { key: string; value: number; step: number }[]
  readonly files: Map<string, string>
}

export interface StandIn {
  readonly url: string
  readonly experiments: readonly string[]
  /** The names of deleted experiments. */
  readonly deleted: Set<string>
  /** A test may delete runs, with MLflow's soft deletion or for good. */
  readonly runs: Map<string, KeptRun>
  /** The requests it got, in order: method and path. */
  readonly requests: string[]
  /** The Authorization header of the last request. */
  readonly authorization: string | undefined
  /**
   * How it behaves: with `away` requests hang, with `files` false it refuses files, with `broken` it takes a batch and answers
   * with an error, `longest` is the longest param it takes.
   */
  readonly mood: { away: boolean; files: boolean; broken: boolean; longest: number }
  close(): Promise<void>
}

/** Listens on a free port of 127.0.0.1. */
export async function standIn(): Promise<StandIn> {
  const experiments: string[] = []
  const runs = new Map<string, KeptRun>()
  const requests: string[] = []
  const mood = { away: false, files: true, broken: false, longest: 6000 }
  const deleted = new Set<string>()
  let authorization: string | undefined

  const runOf = (id: string) => runs.get(id) ?? refuse(404, 'RESOURCE_DOES_NOT_EXIST')
  const activeRun = (id: string) => {
    const run = runOf(id)
    return run.lifecycle === 'active' ? run : refuse(400, 'INVALID_PARAMETER_VALUE')
  }
  const infoOf = (id: string) => ({
    run_id: id,
    run_name: runOf(id).name,
    lifecycle_stage: runOf(id).lifecycle,
    artifact_uri: mood.files ? `mlflow-artifacts:/0/${id}/artifacts` : `/srv/mlruns/${id}/artifacts`,
  })
  const answers: Readonly<Record<string, (query: URLSearchParams, body: string) => unknown>> = {
    'GET mlflow/experiments/get-by-name': (query) => {
      const name = query.get('experiment_name') ?? ''
      const at = experiments.indexOf(name)
      if (at < 0) return refuse(404, 'RESOURCE_DOES_NOT_EXIST')
      const lifecycle_stage = deleted.has(name) ? 'deleted' : 'active'
      return { experiment: { experiment_id: String(at), lifecycle_stage } }
    },
    'POST mlflow/experiments/create': (_, body) => ({
      experiment_id: String(experiments.push(z.object({ name: z.string() }).parse(JSON.parse(body)).name) - 1),
    }),
    'POST mlflow/runs/search': (_, body) => {
      const { filter, run_view_type } = bodies.search.parse(JSON.parse(body))
      const [, tag, value] = /^tags\.`(.*)` = '(.*)'$/.exec(filter) ?? []
      const wanted = run_view_type === 'ACTIVE_ONLY' ? 'active' : 'deleted'
      const found = [...runs].filter(([, run]) => run.tags.get(tag ?? '') === value && run.lifecycle === wanted)
      // Protocol buffers omit empty lists.
      return found.length === 0 ? {} : { runs: found.map(([id]) => ({ info: infoOf(id) })) }
    },
    'POST mlflow/runs/create': (_, body) => {
      const { run_name, tags } = bodies.create.parse(JSON.parse(body))
      const id = `run${runs.size}`
      runs.set(id, {
        name: run_name,
        status: 'RUNNING',
        lifecycle: 'active',
        tags: new Map(tags.map(({ key, value }) => [key, value])),
        params: new Map(),
        metrics: [],
        files: new Map(),
      })
      return { run: { info: infoOf(id) } }
    },
    'GET mlflow/runs/get': (query) => {
      const id = query.get('run_id') ?? ''
      const last = new Map(runOf(id).metrics.map(({ key, value, step }) => [key, { key, value, step }]))
      return { run: { info: infoOf(id), data: { metrics: [...last.values()] } } }
    },
    'POST mlflow/runs/log-batch': (_, body) => {
      const { run_id, metrics, params } = bodies.batch.parse(JSON.parse(body))
      const run = activeRun(run_id)
      if (params.some(({ value }) => value.length > mood.longest)) refuse(400, 'INVALID_PARAMETER_VALUE')
      for (const metric of metrics) run.metrics.push(metric)
      for (const { key, value } of params) run.params.set(key, value)
      return mood.broken ? refuse(503, 'TEMPORARILY_UNAVAILABLE') : {}
    },
    'POST mlflow/runs/update': (_, body) => {
      const { run_id, status } = bodies.update.parse(JSON.parse(body))
      activeRun(run_id).status = status
      return {}
    },
  }

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://fake')
    const path = pathname.replace(/^\/api\/2\.0\//, '')
    requests.push(`${request.method} ${path}`)
    authorization = request.headers.authorization
    const body = await textOf(request)
    if (mood.away) return
    const [, id = '', name = ''] = /^mlflow-artifacts\/artifacts\/0\/(\w+)\/artifacts\/(.+)$/.exec(path) ?? []
    try {
      if (request.method === 'PUT') runOf(id).files.set(name, body)
      const answer = request.method === 'PUT' ? {} : answers[`${request.method} ${path}`]?.(searchParams, body)
      response.end(JSON.stringify(answer ?? refuse(404, 'ENDPOINT_NOT_FOUND')))
    } catch (error) {
      const { status, code } = error instanceof Refusal ? error : { status: 400, code: 'INVALID_PARAMETER_VALUE' }
      response.writeHead(status).end(JSON.stringify({ error_code: code, message: `${error}` }))
    }
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    experiments,
    deleted,
    runs,
    requests,
    get authorization() {
      return authorization
    },
    mood,
    async close() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

class Refusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string) {
    super(code)
    this.status = status
    this.code = code
  }
}

function refuse(status: number, code: string): never {
  throw new Refusal(status, code)
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
