/** Reports a run while it goes on, from a real store to MLflow's file layout and to a server that comes and goes. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { ENDINGS } from '../../testing/endings.ts'
import { type StandIn, standIn } from '../../testing/mlflow-server.ts'
import { configSchema } from '../config/schema.ts'
import { saveAdapter } from '../engine/adapter/adapter.ts'
import { runArtifacts } from '../pipeline/artifacts.ts'
import type { LabEvent } from '../pipeline/events.ts'
import { Store } from '../store/store.ts'
import { type Following, followRun, trackingFolder } from './follow.ts'

let folder: string
let store: Store
let server: StandIn
let said: string[]
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tracking-'))
  store = new Store(join(folder, 'lab.sqlite'))
  server = await standIn()
  said = []
})
afterEach(async () => {
  store.close()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

function begin(uri: string | null): number {
  const paths = {
    store: join(folder, 'lab.sqlite'),
    reports: join(folder, 'reports'),
    sft_adapter_path: join(folder, 'sft'),
    dpo_adapter_path: join(folder, 'dpo'),
  }
  const config = configSchema.parse({ project: { name: 'trial' }, paths, tracking: { uri } })
  return store.runs.create('trial', 'pipeline', config)
}

/** `farewell` is long where MLflow answers: a busy machine must not cut it short. */
function follow(run: number, { pace = { usual: 10, away: 20 }, farewell = 10_000 } = {}): Following {
  return followRun({ store, run, say: (id, ..._) => void said.push(id), pace, farewell })
}

/** Stores and reports a training step, as the runner does. */
function step(following: Following, run: number, arm: string, at: number): void {
  const metrics = { loss: 1 / at, 'rewards/chosen': at }
  const key = { run, stage: 'dpo', round: 1, arm }
  store.metrics.add(key, at, metrics)
  following.hear({ event: 'metrics', stage: 'dpo', round: 1, arm, step: at, metrics })
}

async function finish(run: number, arm: string): Promise<void> {
  const { config } = store.runs.get(run)
  const lora = { r: 2, lora_alpha: 4, lora_dropout: 0, target_modules: ['q_proj'] as const }
  await saveAdapter(runArtifacts(config, { id: run, name: 'trial' }).adapter(arm, 1), lora, new Map(), 'models/base')
}

/** Evaluates two policies on one problem, and reports it. */
function evaluate(following: Following, run: number): void {
  const key = { run, stage: 'evaluate', round: 1 }
  store.stages.start(key)
  const event: LabEvent = { event: 'stage', title: '', status: 'running', seconds: 0, result: null, ...key }
  following.hear(event)
  for (const arm of ['sft', 'dpo']) {
    const outcome = arm === 'dpo' ? ('success' as const) : ('failure' as const)
    const ending = { ...ENDINGS[outcome], duration: 0, instruction: '', steps: [] }
    store.episodes.add({ ...key, arm }, { task: 'my task: 1', seed: 1, attempt: 0, ...ending })
  }
  const rate = { success: 0, n: 1, low: 0, high: 1, faults: 0 }
  const reports = runArtifacts(store.runs.get(run).config, { id: run, name: 'trial' }).folder
  store.stages.end(key, 'done', { report: reports, round: 1, arms: { sft: rate, dpo: rate } })
  writeFileSync(join(reports, 'report.html'), '<p>')
}

test('the file layout holds every training and the evaluation, with params, metrics, files and endings', async () => {
  const run = begin('auto')
  const following = follow(run)
  store.stages.start({ run, stage: 'dpo', round: 1 })
  for (const at of [1, 2]) step(following, run, 'dpo', at)
  await finish(run, 'dpo')
  step(following, run, 'replay', 1)
  const mlruns = trackingFolder(store.runs.get(run).config)!
  await vi.waitFor(() => expect(readdirSync(mlruns)).toHaveLength(1))
  store.stages.end({ run, stage: 'dpo', round: 1 }, 'stopped')
  evaluate(following, run)
  await following.close()

  const experiment = join(mlruns, readdirSync(mlruns)[0]!)
  const kept = new Map(
    readdirSync(experiment)
      .filter((name) => name !== 'meta.yaml')
      .map((id) => {
        const meta = parse(readFileSync(join(experiment, id, 'meta.yaml'), 'utf8'))
        const read = (name: string) => readFileSync(join(experiment, id, name), 'utf8')
        return [meta.run_name, { meta, read }] as const
      }),
  )
  expect([...kept.keys()].sort()).toEqual(['trial-1 dpo', 'trial-1 evaluate', 'trial-1 replay'])
  const [dpo, replay, evaluation] = ['dpo', 'replay', 'evaluate'].map((name) => kept.get(`trial-1 ${name}`)!)
  expect(dpo!.read('metrics/rewards/chosen')).toMatch(/^\d+ 1 1\n\d+ 2 2\n$/)
  expect(dpo!.read('params/training.dpo.beta')).toBe('0.1')
  expect(dpo!.read('tags/arm')).toBe('dpo')
  expect(dpo!.read('artifacts/README.md')).toContain('library_name: peft')
  // Its adapter was ready before the stage was stopped.
  expect([dpo!.meta.status, replay!.meta.status, evaluation!.meta.status]).toEqual([3, 5, 3])
  expect(dpo!.meta.end_time).toBeGreaterThanOrEqual(dpo!.meta.start_time)
  expect(evaluation!.read('metrics/success/dpo')).toMatch(/ 1 1\n$/)
  expect(evaluation!.read('metrics/task/my task_ 1/sft')).toMatch(/ 0 1\n$/)
  expect(evaluation!.read('artifacts/report.html')).toBe('<p>')
  expect(said).toEqual([])

  // When the stage is resumed, MLflow has the same run.
  const again = follow(run)
  store.stages.start({ run, stage: 'dpo', round: 1 })
  step(again, run, 'replay', 2)
  store.stages.end({ run, stage: 'dpo', round: 1 }, 'done')
  await again.close()
  expect(replay!.read('metrics/loss')).toMatch(/^\d+ 1 1\n\d+ 0.5 2\n$/)
  expect(replay!.read('meta.yaml')).toContain('status: 3')
})

test('a server that is away is warned of once and told later, by this run or the next', async () => {
  server.mood.away = true
  const run = begin(server.url)
  const following = follow(run, { farewell: 300 })
  store.stages.start({ run, stage: 'dpo', round: 1 })
  step(following, run, 'dpo', 1)
  const before = performance.now()
  await following.close()
  expect(performance.now() - before).toBeLessThan(10_000)
  expect(said).toEqual(['trackingAway'])

  store.stages.end({ run, stage: 'dpo', round: 1 }, 'failed')
  server.mood.away = false
  server.mood.files = false
  const later = follow(begin(server.url))
  await vi.waitFor(() => expect([...server.runs.values()].map(({ status }) => status)).toEqual(['FAILED']))
  await later.close()
  const [kept] = server.runs.values()
  expect(kept).toMatchObject({ name: 'trial-1 dpo' })
  expect(kept!.metrics.map(({ key, value }) => `${key} ${value}`).sort()).toEqual(['loss 1', 'rewards/chosen 1'])
  const asked = server.requests.length
  await follow(begin(server.url)).close()
  expect(server.requests).toHaveLength(asked)
})

test('files that a server does not take end no record; null records nothing', async () => {
  server.mood.files = false
  const run = begin(server.url)
  const following = follow(run)
  store.stages.start({ run, stage: 'dpo', round: 1 })
  step(following, run, 'dpo', 1)
  await finish(run, 'dpo')
  await following.close()
  expect(said).toEqual([])
  store.stages.end({ run, stage: 'dpo', round: 1 }, 'done')
  const later = follow(begin(server.url))
  await later.close()
  expect(said).toEqual(['trackingFiles'])
  expect([...server.runs.values()][0]?.status).toBe('FINISHED')

  const silent = begin(null)
  const none = follow(silent)
  step(none, silent, 'dpo', 1)
  await none.close()
  expect(existsSync(join(folder, 'mlruns'))).toBe(false)
})

/** The runs of the server: name and status, or 'deleted'. */
const onServer = () => [...server.runs.values()].map(({ name, status }) => `${name} ${status}`).sort()

test('a value is reported once, though a kill came before the account of it', async () => {
  const run = begin(server.url)
  store.stages.start({ run, stage: 'dpo', round: 1 })
  const first = follow(run)
  for (const at of [1, 2, 3]) step(first, run, 'dpo', at)
  await first.close()
  // As it was when the values had been sent and the process was killed.
  const arms = store.tracked(server.url)
  arms.put({ ...arms.open()[0]!, step: 1 })
  const again = follow(run)
  step(again, run, 'dpo', 4)
  store.stages.end({ run, stage: 'dpo', round: 1 }, 'failed')
  await again.close()
  const [kept] = server.runs.values()
  expect(kept!.metrics.filter(({ key }) => key === 'loss').map(({ step: at }) => at)).toEqual([1, 2, 3, 4])
  expect(onServer()).toEqual(['trial-1 dpo FAILED'])
})

test('a run that was killed is ended by the next one, and one that was deleted in the lab too', async () => {
  for (const arm of ['killed', 'hidden', 'purged']) {
    const run = begin(server.url)
    store.stages.start({ run, stage: 'dpo', round: 1 })
    const following = follow(run)
    step(following, run, arm, 1)
    await vi.waitFor(() => expect(store.tracked(server.url).open().at(-1)?.id).toEqual(expect.any(String)))
    await following.close()
    if (arm === 'hidden') store.runs.setDeleted(run, true)
    if (arm === 'purged') store.runs.purge(run)
  }
  expect(onServer().every((line) => line.endsWith('RUNNING'))).toBe(false)
  await follow(begin(server.url)).close()
  expect(onServer()).toEqual(['trial-1 killed KILLED', 'trial-2 hidden KILLED', 'trial-3 purged KILLED'])
  const asked = server.requests.length
  await follow(begin(server.url)).close()
  expect(server.requests).toHaveLength(asked)
})

test('what is deleted in MLflow is told once, holds up nothing else, and goes on when it is restored', async () => {
  const run = begin(server.url)
  store.stages.start({ run, stage: 'dpo', round: 1 })
  const following = follow(run)
  step(following, run, 'dpo', 1)
  await vi.waitFor(() => expect(onServer()).toHaveLength(1))
  const [kept] = server.runs.values()
  kept!.lifecycle = 'deleted'
  step(following, run, 'dpo', 2)
  step(following, run, 'replay', 1)
  await vi.waitFor(() => expect(said).toEqual(['trackingDeleted']))
  store.stages.end({ run, stage: 'dpo', round: 1 }, 'stopped')
  await following.close()
  expect(onServer()).toEqual(['trial-1 dpo RUNNING', 'trial-1 replay KILLED'])
  kept!.lifecycle = 'active'
  await follow(begin(server.url)).close()
  expect(onServer()).toEqual(['trial-1 dpo KILLED', 'trial-1 replay KILLED'])
  expect(kept!.metrics.filter(({ key }) => key === 'loss').map(({ step: at }) => at)).toEqual([1, 2])
  expect(said).toEqual(['trackingDeleted'])
})

test('a run that is no longer there is reported again, from its first step', async () => {
  const run = begin('auto')
  store.stages.start({ run, stage: 'dpo', round: 1 })
  const following = follow(run)
  const mlruns = trackingFolder(store.runs.get(run).config)!
  step(following, run, 'dpo', 1)
  await vi.waitFor(() => expect(store.tracked(mlruns).open()[0]?.step).toBe(1))
  rmSync(mlruns, { recursive: true })
  step(following, run, 'dpo', 2)
  store.stages.end({ run, stage: 'dpo', round: 1 }, 'stopped')
  await following.close()
  const files = readdirSync(mlruns, { recursive: true, encoding: 'utf8' })
  const loss = files.filter((file) => file.endsWith('metrics/loss'))
  expect(loss).toHaveLength(1)
  expect(readFileSync(join(mlruns, loss[0]!), 'utf8')).toMatch(/^\d+ 1 1\n\d+ 0.5 2\n$/)
  expect(said).toEqual([])
})

test('where neither MLflow nor the log can be written, the run goes on', async () => {
  writeFileSync(join(folder, 'file'), '')
  const run = begin(`file:///${join(folder, 'file')}`)
  let asked = 0
  const say = () => {
    asked++
    throw new Error('the store is full')
  }
  const following = followRun({ store, run, say, pace: { usual: 10, away: 20 }, farewell: 100 })
  store.stages.start({ run, stage: 'dpo', round: 1 })
  step(following, run, 'dpo', 1)
  // A rejection that nobody handles would fail this test.
  await vi.waitFor(() => expect(asked).toBe(1))
  await following.close()
})
