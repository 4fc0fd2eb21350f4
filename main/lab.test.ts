import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configSchema } from './config/schema.ts'
import { ADAPTER_FILES } from './engine/adapter/adapter.ts'
import { writeFileAtomic } from './files/file.ts'
import { unfinished } from './files/unfinished.ts'
import { createLab, type Lab } from './lab.ts'
import { keptArtifacts, runArtifacts } from './pipeline/artifacts.ts'
import type { LabEvent } from './pipeline/events.ts'
import { takePlaces } from './pipeline/places.ts'
import { claimFolder, lockFolder, newNumber } from './pipeline/run-folder.ts'
import { lockStore } from './store/lock.ts'
import { Store } from './store/store.ts'
import { trackingFolder } from './tracking/follow.ts'

let lab: Lab
let events: LabEvent[]

/** A lab without its tasks, so that every run fails at once. */
function open(store: string, seed = 1): Lab {
  const names = { reports: 'reports', sft_data: 'golden.jsonl', preference_data: 'pairs.jsonl' }
  const adapters = { sft_adapter_path: 'sft', dpo_adapter_path: 'dpo' }
  const paths = Object.entries({ ...names, ...adapters }).map(([key, name]) => [key, join(dirname(store), name)])
  return createLab(
    configSchema.parse({
      project: { seed },
      paths: { store, ...Object.fromEntries(paths) },
      tasks: ['no-such-task'],
    }),
  )
}

const again = (collection?: { run?: number; round?: number }) =>
  lab.run('retrain', lab.config, {
    resume: null,
    ...(collection && { collection }),
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
  })

const run = (resume: boolean) =>
  lab.run('golden', lab.config, {
    resume: resume ? 'latest' : null,
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
  })

beforeEach(() => {
  lab = open(join(mkdtempSync(join(tmpdir(), 'lab-')), 'lab.sqlite'))
  events = []
})
afterEach(() => lab.close())

test('only a new run is held to the bounds of settings', async () => {
  const { sft, ...training } = lab.config.training
  const earlier = { ...lab.config, training: { ...training, sft: { ...sft, learning_rate: 3 } } }
  const start = (resume: number | null) =>
    lab.run('golden', earlier, { resume, signal: new AbortController().signal, emit: () => {} })
  await expect(start(null)).rejects.toThrow('settings: training.sft.learning_rate must be at most 1, but is 3.')
  expect(lab.store.runs.ids()).toEqual([])
  const id = lab.store.runs.create('earlier', 'golden', earlier)
  lab.store.runs.setStatus(id, 'stopped')
  await expect(start(id)).rejects.toThrow(/no task no-such-task/)
})

test('a failed run is resumed under its own number', async () => {
  await expect(run(false)).rejects.toThrow(/no task no-such-task/)
  await expect(run(true)).rejects.toThrow(/no task no-such-task/)
  expect(lab.store.runs.ids()).toEqual([1])
  expect(events.filter(({ event }) => event === 'run')).toMatchObject([
    { run: 1, resumed: false },
    { run: 1, resumed: true },
  ])
  expect(events.filter(({ event }) => event === 'message')).toEqual([])
})

test('an address is told that a run has ended, also where it fails before its stages', async () => {
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    for await (const part of request) bodies.push(String(part))
    response.writeHead(204).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const webhook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const config = { ...lab.config, tracking: { ...lab.config.tracking, webhook } }
  const signal = new AbortController().signal
  await expect(lab.run('golden', config, { resume: null, signal, emit() {} })).rejects.toThrow(/no task no-such-task/)
  expect(JSON.parse(bodies.join(''))).toMatchObject({ run: 1, command: 'golden', status: 'failed' })
  server.close()
})

test('resuming a run that has finished tells MLflow what a kill had kept from it', async () => {
  await expect(run(false)).rejects.toThrow()
  const folder = trackingFolder(lab.config) ?? ''
  const stage = { run: 1, stage: 'dpo', round: 1 }
  lab.store.stages.start(stage)
  lab.store.metrics.add({ ...stage, arm: 'dpo' }, 1, { loss: 0.5 })
  lab.store.stages.end(stage, 'done', {})
  lab.store.runs.setStatus(1, 'done')
  lab.store.tracked(folder).put({ ...stage, arm: 'dpo', id: null, step: 0, time: 1000, ended: false })
  await expect(run(true)).rejects.toThrow(/nothing to resume: run 1 \(golden\) has finished/)
  expect(lab.store.tracked(folder).open()).toEqual([])
  const metas = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\/.+\/meta\.yaml$/.test(path),
  )
  expect(metas.map((path) => readFileSync(join(folder, path), 'utf8'))).toEqual([expect.stringContaining('status: 3')])
})

test('a run that is resumed under another configuration keeps its own, and says so', async () => {
  await expect(run(false)).rejects.toThrow()
  const path = lab.store.path
  lab.close()
  lab = open(path, 2)
  await expect(run(true)).rejects.toThrow()
  expect(events.find(({ event }) => event === 'message')).toMatchObject({
    text: expect.stringContaining('has changed'),
  })
  expect(lab.store.runs.get(lab.store.runs.ids()[0]!).config.project.seed).toBe(1)
})

test('a run that has finished or does not exist cannot be resumed', async () => {
  await expect(run(true)).rejects.toThrow(/nothing to resume: golden has not run yet/)
  await expect(run(false)).rejects.toThrow()
  lab.store.runs.setStatus(1, 'done')
  await expect(run(true)).rejects.toThrow(/nothing to resume: run 1 \(golden\) has finished/)
})

test('a run never uses the folder of a deleted run', async () => {
  mkdirSync(join(dirname(lab.store.path), 'reports/dpo-driver-4'), { recursive: true })
  await expect(run(false)).rejects.toThrow()
  expect(lab.store.runs.ids()).toEqual([5])
})

test('a run leaves no folder without a file of its own, and no lock', async () => {
  await expect(run(false)).rejects.toThrow()
  const room = dirname(lab.store.path)
  expect(readdirSync(join(room, 'reports'))).toEqual([])
  expect(readdirSync(room).filter((name) => name.includes('lock'))).toEqual([])
})

test('a run that another process is at work on cannot be hidden; one that was interrupted can', async () => {
  const config = { ...lab.config, paths: { ...lab.config.paths } }
  const [working, interrupted] = [1, 2].map(() => lab.store.runs.create('trial', 'golden', config)) as [number, number]
  const leave = lockFolder(runArtifacts(config, { id: working, name: 'trial' }).folder)
  expect(() => lab.hide([interrupted, working])).toThrow(`Run ${working} is running; stop it before you delete it.`)
  expect(lab.store.runs.ids()).toEqual([interrupted, working])
  lab.hide([interrupted])
  leave()
  lab.hide([working])
  expect(lab.store.runs.ids()).toEqual([])
  expect(() => lab.hide([9])).toThrow('There is no run 9')
  // Hidden ones can be deleted for good.
  lab.forget([working, interrupted])
  expect(lab.store.runs.highest()).toBe(0)
})

test('deleting a run leaves what others put into its folder, and the folder of another store’s run', async () => {
  await expect(run(false)).rejects.toThrow()
  const room = dirname(lab.store.path)
  const folder = join(room, 'reports/dpo-driver-1')
  for (const name of ['sft_adapter', 'round-2/dpo_adapter']) {
    mkdirSync(join(folder, name), { recursive: true })
    for (const file of ADAPTER_FILES) writeFileSync(join(folder, name, file), '')
  }
  for (const file of ['report.html', 'notes.txt', 'sft_adapter/README.md']) writeFileSync(join(folder, file), '')
  lab.forget([1])
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual(['notes.txt', 'sft_adapter', 'sft_adapter/README.md'])

  // Another store with the same folder of reports: its run has the same number here.
  rmSync(folder, { recursive: true })
  await expect(run(false)).rejects.toThrow()
  lab.store.checkpoints.save({ run: 1, stage: 'sft', round: 0, arm: '' }, 1, {}, (file) => writeFileAtomic(file, ''))
  claimFolder(lab.store, lab.store.runs.get(1))
  writeFileSync(join(folder, 'report.html'), '')
  const other = new Store(join(room, 'other.sqlite'))
  other.runs.create('dpo-driver', 'golden', lab.config)
  expect(() => claimFolder(other, other.runs.get(1))).toThrow(/dpo-driver-1 belongs to a run of another store/)
  other.close()
  const others = createLab({ ...lab.config, paths: { ...lab.config.paths, store: join(room, 'other.sqlite') } })
  others.forget([1])
  others.close()
  expect(existsSync(join(folder, 'report.html'))).toBe(true)
  lab.forget([1])
  expect([folder, `${lab.store.path}-checkpoints`].map((place) => existsSync(place))).toEqual([false, false])
})

test('two runs of different stores never share a folder or a place', async () => {
  const room = dirname(lab.store.path)
  const config = { ...lab.config, paths: { ...lab.config.paths, store: join(room, 'other.sqlite') } }
  const other = createLab(config)
  const both = (command: 'golden' | 'evaluate', paths: Partial<typeof config.paths>) =>
    other.run(
      command,
      { ...config, paths: { ...config.paths, ...paths } },
      {
        resume: null,
        signal: new AbortController().signal,
        emit: () => {},
      },
    )
  const places = takePlaces(lab.config, { sft_data: 'write', sft_adapter_path: 'read' })
  const first = newNumber(lab.store, lab.config)
  expect(first.id).toBe(1)
  await expect(both('golden', {})).rejects.toThrow(
    /^Another command is using \S+golden.jsonl; wait for it, or set paths.sft_data to other places\.$/,
  )
  expect(other.store.runs.ids()).toEqual([])
  // Both may read an adapter; and the number of the first is taken while it is at work.
  await expect(both('evaluate', {})).rejects.toThrow(/no task no-such-task/)
  expect(other.store.runs.ids()).toEqual([2])
  first.leave()
  places()
  other.close()
})

test('training again takes the latest collection that matches, and remembers it', async () => {
  await expect(again()).rejects.toThrow('There are no pairs to train on; run the stage collect first.')
  const pair = {
    task: 'click-tab',
    seed: 1,
    step: 0,
    chosenAttempt: null,
    rejectedAttempt: null,
    margin: null,
    prompt: 'p',
    chosen: 'good',
    rejected: 'bad',
  }
  const collector = lab.store.runs.create('trial', 'pipeline', { ...lab.config, tasks: ['click-tab'] })
  for (const round of [1, 2]) lab.store.pairs.replace({ run: collector, round }, [pair])
  await expect(again({ run: collector, round: 3 })).rejects.toThrow(
    `There are no pairs of round 3 of run ${collector} to train on`,
  )
  lab.store.runs.setDeleted(collector, true)
  await expect(again({ run: collector })).rejects.toThrow(`Run ${collector} is deleted; bring it back`)
  lab.store.runs.setDeleted(collector, false)
  // The policy to begin with is missing too. Only what the run remembers matters here.
  for (const [wanted, round] of [
    [{}, 2],
    [{ round: 1 }, 1],
  ] as const) {
    await expect(again(wanted)).rejects.toThrow(/there is no adapter here/)
    expect(lab.store.runs.latest()).toMatchObject({ command: 'retrain', collection: { run: collector, round } })
    expect(lab.store.runs.get(lab.store.runs.ids()[0]!).config.tasks).toEqual(['click-tab'])
  }
  expect(events.filter(({ event }) => event === 'message')).toEqual([])
})

test('a copied lab finds the files of its runs, and deletes nothing of the original', async () => {
  await expect(run(false)).rejects.toThrow()
  const original = dirname(lab.store.path)
  mkdirSync(join(original, 'reports/dpo-driver-1'), { recursive: true })
  const copy = mkdtempSync(join(tmpdir(), 'lab-copy-'))
  lab.close()
  cpSync(original, copy, { recursive: true })
  lab = open(join(copy, 'lab.sqlite'))
  expect(keptArtifacts(lab.config, lab.store.runs.get(1)).folder).toBe(join(copy, 'reports/dpo-driver-1'))
  lab.store.runs.setDeleted(1, true)
  await new Promise((later) => setTimeout(later, 2))
  lab.purge()
  expect(lab.store.runs.ids()).toEqual([])
  expect([copy, original].map((folder) => existsSync(join(folder, 'reports/dpo-driver-1')))).toEqual([false, true])
})

test('a run can be deleted only while no other command holds the store', async () => {
  await expect(run(false)).rejects.toThrow()
  const unlock = lockStore(lab.store.path)
  // The runs may change while another command holds the store, so nothing is reported as missing.
  for (const id of [1, 2]) expect(() => lab.forget([id])).toThrow('another command is using')
  unlock()
  expect(() => lab.forget([1, 2])).toThrow('There is no run 2')
  lab.forget([1])
  expect(lab.store.runs.ids()).toEqual([])
})

test('changes are counted: those by runs and those by people', async () => {
  const seen: unknown[] = []
  const leave = lab.changes.subscribe((now) => seen.push(now))
  lab.tellEdited()
  expect(seen).toEqual([{ kept: 0, edited: 1, configured: 0 }])
  await expect(run(false)).rejects.toThrow()
  leave()
  expect(lab.changes.getState().edited).toBe(1)
  // Each line of the log counts.
  expect(lab.changes.getState().kept).toBe(lab.store.events.after(0, 100).length)
})

test('a collection stays while an unfinished run trains on its pairs', async () => {
  const { runs, pairs } = lab.store
  const collector = runs.create('trial', 'collect', lab.config)
  const round = { run: collector, round: 1 }
  const [given, alone] = [round, null].map((collection) => runs.create('trial', 'dpo', lab.config, { collection }))
  pairs.setTrainingSet({ run: alone!, round: 1 }, round)
  pairs.setTrainingSet(round, round)
  runs.setStatus(given!, 'failed')
  expect(() => lab.forget([collector])).toThrow(`Run ${given} trains on the pairs of run ${collector} and is not done`)
  runs.setStatus(given!, 'done')
  expect(() => lab.forget([collector])).toThrow(`Run ${alone} trains`)
  runs.setDeleted(collector, true)
  await new Promise((later) => setTimeout(later, 2))
  lab.purge()
  expect(pairs.trainsOn({ run: alone!, round: 1 })).toMatchObject(round)
  runs.setDeleted(collector, false)
  // Deleted with it, or done, it needs the collection no more.
  lab.forget([collector, alone!])
  expect(runs.ids()).toEqual([given])
})

test('the next command removes what a killed one left among the reports, and nothing of other stores', async () => {
  const reports = join(dirname(lab.store.path), 'reports')
  const left = (name: string, store: string) => {
    mkdirSync(join(reports, name), { recursive: true })
    writeFileSync(join(reports, name, 'run.json'), JSON.stringify({ run: 3, started: 7, store }))
  }
  left('dpo-driver-3', '../../lab.sqlite')
  left('dpo-driver-4', '../../other.sqlite')
  left('dpo-driver-5', '../../lab.sqlite')
  writeFileSync(join(reports, 'dpo-driver-5', 'report.html'), '')
  writeFileSync(join(reports, 'dpo-driver-3-lock'), '')
  // Killed while it marked its folder. An empty folder may be the user's.
  mkdirSync(join(reports, 'dpo-driver-6'))
  mkdirSync(join(reports, 'empty'))
  const killed = basename(unfinished(reports, 'run.json')).replace(/driver-\d+-\d+-/, 'driver-4194305-5-')
  writeFileSync(join(reports, 'dpo-driver-6', killed), '')
  await expect(run(false)).rejects.toThrow(/no task no-such-task/)
  expect(readdirSync(reports).sort()).toEqual(['dpo-driver-4', 'dpo-driver-5', 'empty'])
})

test('an import keeps the tasks and the training of the run that was exported; a refused one makes no run', async () => {
  const origin = lab.store.runs.create('trial', 'pipeline', {
    ...lab.config,
    tasks: ['click-tab'],
    training: { ...lab.config.training, dpo: { ...lab.config.training.dpo, beta: 0.7 } },
  })
  const { started } = lab.store.runs.record(origin)
  const folder = mkdtempSync(join(tmpdir(), 'trained-'))
  const take = (adapter: string | null) =>
    lab.run('import', lab.config, { resume: null, adapter, signal: new AbortController().signal, emit() {} })
  await expect(take(null)).rejects.toThrow(/adapter import FOLDER/)
  await expect(take(folder)).rejects.toThrow(/has no trained\.json/)
  expect(lab.store.runs.ids()).toEqual([origin])
  const lora = { r: 8, lora_alpha: 16, use_rslora: false, target_modules: [], modules: {} }
  const base = { name: 'other', fingerprint: '1:F32:0' }
  const plan = { format: 'dpo-driver trl 1', run: origin, round: 2, started, pairs: 1, reference: 'sft', base, lora }
  const record = { arguments: [], libraries: {}, processes: 1, steps: 1, log: [] }
  const text = JSON.stringify({ ...record, lab: { ...plan, prompt: 'compact', imitation: 1, replay: 0 } })
  writeFileSync(join(folder, 'trained.json'), text)
  await expect(take(folder)).rejects.toThrow(/trained on the base model other/)
  const run = lab.store.runs.get(lab.store.runs.latest()?.id ?? 0)
  expect(run).toMatchObject({ command: 'import', collection: { run: origin, round: 2 } })
  expect(run.config).toMatchObject({ tasks: ['click-tab'], training: { dpo: { beta: 0.7 } } })
})
