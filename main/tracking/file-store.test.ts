import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeFileAtomic } from '../files/file.ts'
import { fileStore } from './file-store.ts'
import { type TrackedRun, TrackingGone, TrackingInTrash } from './tracker.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mlruns-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const run: TrackedRun = {
  key: '1-3-dpo-1-dpo',
  experiment: 'dpo-driver',
  name: 'dpo-driver-3 dpo',
  started: 1000,
  params: { 'training.dpo.beta': '0.1', tasks: 'click-tab, enter-text' },
  tags: { stage: 'dpo' },
}

/** Every file below the root: its path, and what is in it. */
function tree(): Record<string, string> {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(root, path)).isFile())
    .sort()
  return Object.fromEntries(
    files.map((path) => [path, readFileSync(join(root, path), 'utf8').replaceAll(root, '<root>')]),
  )
}

/** MLflow's layout, as its own client (3.17) writes it. */
const EXPERIMENT = `artifact_location: file://<root>/582398612219443171
creation_time: 1000
experiment_id: '582398612219443171'
last_update_time: 1000
lifecycle_stage: active
name: dpo-driver
`
const RUN = `artifact_uri: file://<root>/582398612219443171/ID/artifacts
end_time: 5000
entry_point_name: ''
experiment_id: '582398612219443171'
lifecycle_stage: active
run_id: ID
run_uuid: ID
run_name: dpo-driver-3 dpo
source_name: ''
source_type: 4
source_version: ''
start_time: 1000
status: 3
tags: []
user_id: ''
`

test('the layout is that of MLflow', async () => {
  const store = fileStore(root)
  const id = await store.begin(run)
  await store.log(id, [
    { name: 'rewards/chosen', value: 0.25, step: 1, time: 2000.4 },
    { name: 'loss', value: 0.7, step: 1, time: 2000.4 },
    { name: 'rewards/chosen', value: -1e-7, step: 2, time: 3000 },
  ])
  await store.log(id, [{ name: 'loss', value: 0.5, step: 2, time: 3000 }])
  await store.artifact(id, 'report.html', '<p>')
  await store.end(id, 'FINISHED', 5000)
  const [experiment, folder] = id.split('/')
  const at = (name: string) => `${experiment}/${folder}/${name}`
  expect(folder).toMatch(/^[0-9a-f]{32}$/)
  expect(tree()).toEqual({
    [`${experiment}/meta.yaml`]: EXPERIMENT.replaceAll('582398612219443171', experiment!),
    [at('meta.yaml')]: RUN.replaceAll('582398612219443171', experiment!).replaceAll('ID', folder!),
    [at('params/tasks')]: 'click-tab, enter-text',
    [at('params/training.dpo.beta')]: '0.1',
    [at('tags/stage')]: 'dpo',
    [at('tags/mlflow.runName')]: 'dpo-driver-3 dpo',
    [at('tags/dpo_driver.key')]: '1-3-dpo-1-dpo',
    [at('metrics/loss')]: '2000 0.7 1\n3000 0.5 2\n',
    [at('metrics/rewards/chosen')]: '2000 0.25 1\n3000 -1e-7 2\n',
    [at('artifacts/report.html')]: '<p>',
  })
})

test('a run that is begun again goes on, and others join its experiment', async () => {
  const id = await fileStore(root).begin(run)
  await fileStore(root).end(id, 'KILLED', 2000)
  expect(await fileStore(root).begin(run)).toBe(id)
  expect(readFileSync(join(root, id, 'meta.yaml'), 'utf8')).toMatch(/end_time: null\n(.*\n)*status: 1/)
  const other = await fileStore(root).begin({ ...run, key: 'another' })
  expect(other.split('/')[0]).toBe(id.split('/')[0])
  expect(other).not.toBe(id)
  const apart = await fileStore(root).begin({ ...run, key: 'apart', experiment: "it's: #another" })
  expect(apart.split('/')[0]).not.toBe(id.split('/')[0])
  expect(await fileStore(root).begin({ ...run, key: 'apart', experiment: "it's: #another" })).toBe(apart)
})

test('what a full disk left of an experiment is made whole', async () => {
  const first = await fileStore(root).begin(run)
  const [experiment] = first.split('/')
  rmSync(join(root, experiment!), { recursive: true })
  mkdirSync(join(root, experiment!))
  expect(await fileStore(root).begin(run)).toBe(first)
})

const loss = (...steps: number[]) => steps.map((step) => ({ name: 'loss', value: step / 4, step, time: 1000 * step }))

test('a value is written once, and a line that was cut off is replaced', async () => {
  const id = await fileStore(root).begin(run)
  const file = join(root, id, 'metrics/loss')
  await fileStore(root).log(id, loss(1, 2))
  await fileStore(root).log(id, [...loss(1, 2, 3), { name: 'other', value: 1, step: 2, time: 5 }])
  appendFileSync(file, '4000 1')
  await fileStore(root).log(id, loss(3, 4, 5))
  expect(readFileSync(file, 'utf8')).toBe('1000 0.25 1\n2000 0.5 2\n3000 0.75 3\n4000 1 4\n5000 1.25 5\n')
  expect(readFileSync(join(root, id, 'metrics/other'), 'utf8')).toBe('5 1 2\n')
})

/** Changes a meta.yaml as MLflow does. */
function change(folder: string, from: string, to: string): void {
  const file = join(root, folder, 'meta.yaml')
  writeFileAtomic(file, readFileSync(file, 'utf8').replace(from, to))
}

/** Deletes an experiment as MLflow does: its folder goes into the trash. */
function trash(experiment: string): void {
  change(experiment, 'lifecycle_stage: active', 'lifecycle_stage: deleted')
  mkdirSync(join(root, '.trash'), { recursive: true })
  renameSync(join(root, experiment), join(root, '.trash', experiment))
}

test('a deleted run, a deleted experiment and a run that is gone are told, and nothing is written', async () => {
  const store = fileStore(root)
  const id = await store.begin(run)
  const calls = [() => store.log(id, loss(1)), () => store.artifact(id, 'a', 'b'), () => store.end(id, 'FINISHED', 1)]
  change(id, 'lifecycle_stage: active', 'lifecycle_stage: deleted')
  let before = tree()
  for (const call of [...calls, () => store.begin(run)]) {
    await expect(call()).rejects.toThrow(TrackingInTrash)
    await expect(call()).rejects.toThrow('the run "dpo-driver-3 dpo" is deleted there')
  }
  expect(tree()).toEqual(before)
  trash(id.split('/')[0]!)
  before = tree()
  for (const call of [...calls, () => store.begin(run), () => store.begin({ ...run, key: 'another' })]) {
    await expect(call()).rejects.toThrow(/experiment "dpo-driver" is deleted there; restore it, or set/)
  }
  expect(tree()).toEqual(before)
  rmSync(join(root, '.trash'), { recursive: true })
  for (const call of calls) await expect(call()).rejects.toThrow(TrackingGone)
  expect(await store.begin(run)).toBe(id)
})

test('an experiment that was renamed keeps its runs, and the old name gets another id', async () => {
  const store = fileStore(root)
  const id = await store.begin(run)
  const [experiment = ''] = id.split('/')
  change(experiment, 'name: dpo-driver', 'name: renamed')
  expect(await store.begin(run)).toBe(id)
  const other = await store.begin({ ...run, key: 'another' })
  expect(other.split('/')[0]).not.toBe(experiment)
  expect(readFileSync(join(root, experiment, 'meta.yaml'), 'utf8')).toContain('name: renamed')
  // Also where the renamed one lies in the trash.
  rmSync(join(root, other.split('/')[0]!), { recursive: true })
  trash(experiment)
  const free = await store.begin({ ...run, key: 'another' })
  expect(free.split('/')[0]).toBe(other.split('/')[0])
})
