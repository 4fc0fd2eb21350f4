import { afterEach, beforeEach, expect, test } from 'vitest'
import { type StandIn, standIn } from '../../testing/mlflow-server.ts'
import { trackingServer } from './server.ts'
import { type TrackedRun, TrackingGone, TrackingInTrash } from './tracker.ts'

let server: StandIn
beforeEach(async () => {
  server = await standIn()
})
afterEach(() => server.close())

const never = new AbortController().signal
const run: TrackedRun = {
  key: '1-3-dpo-1-dpo',
  experiment: 'dpo driver & co',
  name: 'dpo-driver-3 dpo',
  started: 1000,
  params: Object.fromEntries(Array.from({ length: 130 }, (_, at) => [`param.${at}`, String(at)])),
  tags: { stage: 'dpo' },
}

test('runs, metrics and files arrive, in batches that a server takes', async () => {
  const tracker = trackingServer(`${server.url}/`, never, { MLFLOW_TRACKING_TOKEN: 'secret' })
  const id = await tracker.begin(run)
  const points = Array.from({ length: 2500 }, (_, at) => ({
    name: 'loss',
    value: 1 / at,
    step: at + 1,
    time: at + 0.5,
  }))
  await tracker.log(id, points.slice(1))
  await tracker.artifact(id, 'adapter/README.md', '# Ä')
  await tracker.end(id, 'FINISHED', 9000)
  expect(server.experiments).toEqual(['dpo driver & co'])
  const kept = server.runs.get(id)!
  expect(kept).toMatchObject({ name: 'dpo-driver-3 dpo', status: 'FINISHED' })
  expect(kept.params.size).toBe(130)
  expect(kept.metrics).toHaveLength(2499)
  expect(kept.metrics.at(-1)).toMatchObject({ key: 'loss', step: 2500, value: 1 / 2499 })
  expect([...kept.files]).toEqual([['adapter/README.md', '# Ä']])
  expect(Object.fromEntries(kept.tags)).toMatchObject({ stage: 'dpo', 'dpo_driver.key': run.key })
  expect(server.authorization).toBe('Bearer secret')
})

test('a run that was begun is found by its key and goes on', async () => {
  const tracker = trackingServer(server.url, never, {})
  const id = await tracker.begin(run)
  await tracker.end(id, 'KILLED', 2000)
  expect(await tracker.begin(run)).toBe(id)
  expect(server.runs.get(id)?.status).toBe('RUNNING')
  expect(await tracker.begin({ ...run, key: 'other' })).not.toBe(id)
  expect(server.authorization).toBeUndefined()
})

test('what the server does not take, and one that is none or does not answer, are told', async () => {
  server.mood.files = false
  const tracker = trackingServer(server.url, never, { MLFLOW_TRACKING_USERNAME: 'a', MLFLOW_TRACKING_PASSWORD: 'b' })
  const id = await tracker.begin(run)
  await expect(tracker.artifact(id, 'x', 'y')).rejects.toThrow(/stores files at "\/srv\/mlruns.*--serve-artifacts/)
  expect(server.authorization).toBe('Basic YTpi')
  await expect(tracker.end('nobody', 'FAILED', 1)).rejects.toThrow(TrackingGone)
  await expect(trackingServer(`${server.url}/elsewhere`, never).begin(run)).rejects.toThrow(/ENDPOINT_NOT_FOUND|404/)
  server.mood.away = true
  const leave = new AbortController()
  const waiting = trackingServer(server.url, leave.signal).begin(run)
  leave.abort(new Error('left'))
  await expect(waiting).rejects.toThrow('left')
})

test('a value arrives once, also where the answer to its batch was lost', async () => {
  const tracker = trackingServer(server.url, never, {})
  const id = await tracker.begin(run)
  const points = [1, 2, 3].map((step) => ({ name: 'loss', value: step, step, time: step }))
  server.mood.broken = true
  await expect(tracker.log(id, points.slice(0, 2))).rejects.toMatchObject({ passing: true })
  server.mood.broken = false
  await tracker.log(id, points)
  // Another process, which does not know what this one has sent.
  await trackingServer(server.url, never, {}).log(id, [...points, { name: 'other', value: 9, step: 2, time: 4 }])
  expect(server.runs.get(id)!.metrics.map(({ key, step }) => `${key} ${step}`)).toEqual([
    'loss 1',
    'loss 2',
    'loss 3',
    'other 2',
  ])
})

test('what is deleted there is told, and a run that is gone for good as well', async () => {
  const tracker = trackingServer(server.url, never, {})
  const id = await tracker.begin(run)
  server.runs.get(id)!.lifecycle = 'deleted'
  const point = { name: 'loss', value: 1, step: 1, time: 1 }
  for (const call of [
    () => tracker.log(id, [point]),
    () => tracker.end(id, 'FINISHED', 1),
    () => tracker.artifact(id, 'x', 'y'),
    () => tracker.begin(run),
  ]) {
    await expect(call()).rejects.toThrow(TrackingInTrash)
    await expect(call()).rejects.toThrow('the run "dpo-driver-3 dpo" is deleted there')
  }
  server.runs.delete(id)
  await expect(tracker.log(id, [point])).rejects.toThrow(TrackingGone)
  await expect(tracker.end(id, 'FINISHED', 1)).rejects.toThrow(TrackingGone)
  server.deleted.add(run.experiment)
  await expect(tracker.begin(run)).rejects.toThrow(/experiment "dpo driver & co" is deleted there; restore it, or set/)
})

test('params may be as long as MLflow takes them, and shorter for an old server', async () => {
  const long = { ...run, params: { tasks: 'x'.repeat(6000) } }
  const id = await trackingServer(server.url, never, {}).begin(long)
  expect(server.runs.get(id)!.params.get('tasks')).toHaveLength(6000)
  server.mood.longest = 500
  const old = await trackingServer(server.url, never, {}).begin({ ...long, key: 'other' })
  expect(server.runs.get(old)!.params.get('tasks')).toHaveLength(500)
})
