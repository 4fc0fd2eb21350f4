import { cpSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configSchema } from './config/schema.ts'
import { createLab, type Lab } from './lab.ts'
import { keptArtifacts } from './pipeline/artifacts.ts'
import type { LabEvent } from './pipeline/events.ts'
import { lockStore } from './store/lock.ts'

let lab: Lab
let events: LabEvent[]

/** A lab without its tasks, so that every run fails at once. */
function open(store: string, seed = 1): Lab {
  const reports = join(dirname(store), 'reports')
  return createLab(configSchema.parse({ project: { seed }, paths: { store, reports }, tasks: ['no-such-task'] }))
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

test('training again takes the latest collection that matches, and remembers it', async () => {
  await expect(again()).rejects.toThrow('There are no pairs to train on; run `npx dpo-driver collect` first.')
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
  expect(seen).toEqual([{ kept: 0, edited: 1 }])
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
