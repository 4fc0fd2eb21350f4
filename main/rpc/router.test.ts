/** The procedures, called on a real store, and their streams, through real sockets. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { unzipSync } from 'fflate'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { serveLab, type Web } from '../../app/web.ts'
import { ENDINGS } from '../../testing/endings.ts'
import { configSchema } from '../config/schema.ts'
import { Settings } from '../config/settings.ts'
import { projectPath } from '../files/paths.ts'
import { preferenceText } from '../preferences/dataset.ts'
import type { Episode, Outcome } from '../store/episode.ts'
import { lockStore } from '../store/lock.ts'
import { Store } from '../store/store.ts'
import type { LabRouter } from './router.ts'

let folder: string
let settings: Settings
let web: Web
let store: Store
let clients: { close(): void }[]
let bugs: string[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'router-'))
  copyFileSync(projectPath('config.yaml'), join(folder, 'config.yaml'))
  settings = new Settings(join(folder, 'config.yaml'))
  settings.set({
    'paths.store': join(folder, 'lab.sqlite'),
    'paths.reports': join(folder, 'reports'),
    'paths.sft_data': join(folder, 'golden.jsonl'),
    'paths.preference_data': join(folder, 'preferences.jsonl'),
    'paths.sft_adapter_path': join(folder, 'sft'),
    'paths.dpo_adapter_path': join(folder, 'dpo'),
  })
  clients = []
  bugs = []
  await open()
})
afterEach(async () => {
  await shut()
  expect(bugs).toEqual([])
})

async function open() {
  web = await serveLab({ settings, window: folder, onBug: (text) => bugs.push(text) })
  store = new Store(settings.read().paths.store)
}

async function shut() {
  for (const client of clients) client.close()
  clients = []
  store.close()
  await web.close()
}

const cookie = () => `dpo-driver-${new URL(web.url).port}=${new URL(web.url).searchParams.get('token')}`
const fetchFile = (path: string, init: RequestInit = {}) =>
  fetch(new URL(path, web.url), { ...init, headers: { cookie: cookie() } })

/** A page of the lab: its client, and a way to break its connection. */
function page() {
  let socket: WebSocket | undefined
  class Socket extends WebSocket {
    constructor(address: string) {
      super(address, { headers: { cookie: cookie() } })
      socket = this
    }
  }
  const address = `ws://${new URL(web.url).host}/trpc`
  const client = createWSClient({ url: address, WebSocket: Socket as never, retryDelayMs: () => 10 })
  clients.push(client)
  const lab = createTRPCClient<LabRouter>({ links: [wsLink({ client })] })
  return { lab, breakLine: () => socket?.terminate(), close: () => client.close() }
}

/** A run in the store that no job has made. */
function pastRun(command = 'pipeline', status: 'done' | 'running' = 'done', change = {}): number {
  const run = store.runs.create('trial', command, configSchema.parse({ ...settings.read(), ...change }))
  store.runs.setStatus(run, status)
  return run
}

function episode(seed: number, attempt: number, outcome: Outcome): Episode {
  const completion = `Thought: t\nAction: click tab ${attempt}`
  const step = {
    page: 'p',
    prompt: `prompt ${seed}`,
    completion,
    tokens: [1],
    logprob: -1 - attempt,
    thought: 't',
    action: 'a',
  }
  const picture = new Uint8Array([255, 216, 255])
  return {
    task: 'click-tab',
    seed,
    attempt,
    instruction: 'i',
    ...ENDINGS[outcome],
    duration: 1,
    steps: [{ ...step, shot: { picture, box: null } }],
  }
}

/** A run with a collection of `pairs` pairs, its episodes, and an evaluation that DPO wins. */
function wholeRun(pairs = 3): number {
  const run = pastRun()
  const seeds = Array.from({ length: pairs }, (_, at) => at)
  for (const seed of seeds) {
    for (const attempt of [0, 1]) {
      store.episodes.add(
        { run, stage: 'collect', round: 1, arm: '' },
        episode(seed, attempt, attempt === 0 ? 'success' : 'failure'),
      )
    }
  }
  store.pairs.replace(
    { run, round: 1 },
    seeds.map((seed) => ({
      task: 'click-tab',
      seed,
      step: 0,
      chosenAttempt: 0,
      rejectedAttempt: 1,
      margin: 1,
      prompt: `prompt ${seed}`,
      chosen: episode(seed, 0, 'success').steps[0]?.completion ?? '',
      rejected: episode(seed, 1, 'failure').steps[0]?.completion ?? '',
    })),
  )
  const stage = (name: string, round: number, result: unknown) => {
    store.stages.start({ run, stage: name, round })
    store.stages.end({ run, stage: name, round }, 'done', result)
  }
  const counts = Object.fromEntries(
    ['episodes', 'successes', 'failures', 'faults', 'seeds', 'seedsOnlySuccesses', 'seedsOnlyFailures', 'pairs'].map(
      (name) => [name, 3],
    ),
  )
  stage('collect', 1, { ...counts, sameActions: 0, pageDiffers: 0, ended: 0, duplicates: 0, slips: 0, overCap: 0 })
  const cell = { success: 0, n: 4, low: 0, high: 1, faults: 0 }
  stage('evaluate', 1, {
    report: 'r',
    round: 1,
    arms: { sft: cell, dpo: { ...cell, success: 1 } },
    facts: { model: 'models/base' },
  })
  for (const [arm, solves] of [
    ['sft', 1],
    ['dpo', 3],
  ] as const) {
    for (let seed = 50; seed < 54; seed++) {
      store.episodes.add(
        { run, stage: 'evaluate', round: 1, arm },
        episode(seed, 0, seed - 50 < solves ? 'success' : 'failure'),
      )
    }
  }
  return run
}

/** The parts of a log line that tests read. */
interface Line {
  readonly id: number
  readonly event: { readonly event: string }
}

/** Waits until the condition holds. */
const until = (so: () => unknown | Promise<unknown>) => vi.waitUntil(so, { timeout: 20_000, interval: 20 })

test('the state, the content and the settings of the lab are available at once', async () => {
  const { lab } = page()
  const status = await lab.status.get.query()
  expect(status).toMatchObject({
    machine: { cores: expect.any(Number), memory: { total: expect.any(Number) } },
    model: { name: 'models/base', problem: null },
    job: { status: 'idle' },
  })
  await lab.config.set.mutate({ values: { 'model.base_model_name': 'models/none' } })
  expect((await lab.status.get.query()).model).toMatchObject({
    folder: null,
    problem: [{ id: 'modelMissing', values: { name: expect.any(String) } }],
  })
  await lab.config.set.mutate({ values: { 'model.base_model_name': 'Qwen/Qwen2-7B-Instruct' } })
  expect((await lab.status.get.query()).model).toMatchObject({ folder: null, download: true, problem: null })
  const { parts, needed, available } = await lab.status.memory.query({})
  expect(parts.find(({ part }) => part === 'weights')?.bytes).toBeGreaterThan(4e9)
  expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBeCloseTo(needed, -3)
  expect(available).toBeGreaterThan(0)
  // As many prompts, but one completion each: less than a step of DPO.
  expect((await lab.status.memory.query({ stage: 'sft' })).needed).toBeLessThan(needed)
  const playing = await lab.status.memory.query({ stage: 'collect' })
  expect(playing.parts.map(({ part }) => part)).toContain('cache')
  expect(playing.parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBeCloseTo(playing.needed)
  const { models } = await lab.models.list.query()
  expect(models.find(({ name }) => name === 'models/base')).toMatchObject({
    parameters: status.model.parameters,
    source: 'models',
    family: 'qwen2',
    precision: 'F32',
    problem: null,
  })
  expect((await lab.tasks.list.query()).find(({ name }) => name === 'click-button')).toMatchObject({
    expert: true,
    learned: true,
  })
  expect(await lab.config.check.query({ values: { 'training.dpo.beta': 2 } })).toBeNull()
  await expect(lab.config.check.query({ values: { 'training.dpo.beta': 'x' } })).rejects.toThrow(
    /beta must be a number/,
  )
})

test('a job goes on without its page, and two pages see the same log to the last line', async () => {
  // The task does not exist, so the run logs something and fails.
  settings.set({ tasks: ['no-such-task'] })
  const [first, second] = [page(), page()]
  const seen: Line[][] = [[], []]
  for (const [at, { lab }] of [first, second].entries()) {
    lab.job.events.subscribe({}, { onData: ({ data }) => seen[at]?.push(data) })
  }
  await first.lab.job.start.mutate({ command: 'golden' })
  first.close()
  await until(async () => (await second.lab.job.state.query()).status === 'idle')
  expect((await second.lab.job.state.query()).last).toMatchObject({
    command: 'golden',
    run: 1,
    status: 'failed',
    error: expect.stringMatching(/There is no task no-such-task/),
  })
  await until(() => seen[1]?.at(-1)?.event.event === 'end')
  const third = page()
  const late: Line[] = []
  third.lab.job.events.subscribe({}, { onData: ({ data }) => late.push(data) })
  await until(() => late.length === seen[1]?.length)
  expect(late).toEqual(seen[1])
  expect(late.map(({ event }) => event.event)).toEqual(['run', 'stage', 'stage', 'end'])
  expect((await third.lab.job.log.query({ search: 'no-such-task' })).map(({ event }) => event.event)).toEqual(['end'])
})

test('a page that loses its connection gets every line once, in order', async () => {
  const run = pastRun()
  const { lab, breakLine } = page()
  const log = store.events
  const seen: string[] = []
  lab.job.events.subscribe(
    { run, lastEventId: 0 },
    { onData: ({ data: { event } }) => seen.push(event.event === 'message' ? event.text : event.event) },
  )
  const say = (text: string) => log.add(run, { event: 'message', stage: 'sft', round: 0, text })
  for (let i = 0; i < 700; i++) say(`line ${i}`)
  await until(() => seen.length > 0)
  breakLine()
  for (let i = 700; i < 710; i++) say(`line ${i}`)
  await until(() => seen.length >= 710)
  expect(seen).toEqual(Array.from({ length: 710 }, (_, i) => `line ${i}`))
})

test('what cannot be there is refused in a sentence, and is no bug of the lab', async () => {
  const { lab } = page()
  const gone = { run: 9, round: 1 }
  await expect(lab.pairs.score.mutate(gone)).rejects.toThrow(/There is no run 9/)
  await expect(lab.pairs.exportTrl.mutate(gone)).rejects.toThrow(/There is no run 9/)
  await expect(lab.runs.values.query({ keys: ['...'] })).rejects.toThrow(/does not understand/)
  await expect(lab.models.time.query({ name: 'a\0b' })).rejects.toThrow(/is neither a folder with a config.json/)
  expect(await lab.adapters.mergedFrom.query({ names: ['\0'] })).toEqual({})
  await expect(lab.config.check.query({ values: { 'tasks.first': 'x' } })).rejects.toThrow(/tasks must be a list/)
})

test('a second job, an unknown run and a finished run are refused with a message', async () => {
  const { lab } = page()
  await expect(lab.job.resume.mutate({})).rejects.toThrow(/There is no run to resume/)
  const done = pastRun('golden')
  await expect(lab.job.resume.mutate({ run: done })).rejects.toThrow(/nothing to resume: run 1 \(golden\) has finished/)
  await expect(lab.job.again.mutate({ run: 9 })).rejects.toThrow(/There is no run 9/)
  const unlock = lockStore(settings.read().paths.store)
  await expect(lab.job.start.mutate({ command: 'golden' })).rejects.toThrow(/another command is using/)
  unlock()
  expect((await lab.job.state.query()).status).toBe('idle')
})

test('a killed run is shown as interrupted and can be resumed under its own number', async () => {
  const { lab } = page()
  const run = pastRun('golden', 'running', { tasks: ['no-such-task'] })
  expect(await lab.runs.list.query()).toMatchObject([{ id: run, status: 'interrupted', resumable: true }])
  const unlock = lockStore(settings.read().paths.store)
  expect(await lab.runs.list.query()).toMatchObject([{ id: run, status: 'running' }])
  unlock()
  expect(await lab.job.resume.mutate({ run })).toMatchObject({ current: { run, command: 'golden' } })
  await until(async () => (await lab.job.state.query()).status === 'idle')
  expect(await lab.runs.list.query()).toMatchObject([
    // With its settings it must fail again.
    { id: run, status: 'failed', failure: { messages: [{ id: 'taskUnknown' }] }, resumable: false },
  ])
  // Of a bug no stack, and of a run that went on and ended well nothing.
  const { events, runs } = store
  events.add(run, { event: 'end', run, status: 'failed', seconds: 1, error: 'Error: odd\n    at x.ts:1', messages: [] })
  expect(await lab.runs.list.query()).toMatchObject([{ failure: { error: 'Error: odd', messages: [] } }])
  runs.setStatus(run, 'done')
  expect(await lab.runs.list.query()).toMatchObject([{ id: run, status: 'done', failure: null }])
})

test('runs are compared, deleted, brought back, and deleted for good when the lab starts again', async () => {
  let { lab } = page()
  const a = pastRun()
  const b = pastRun('pipeline', 'done', { tasks: ['click-tab'], project: { name: 'other', seed: 7 } })
  expect(await lab.runs.compare.query({ runs: [b, a, a] })).toEqual({
    settings: [
      { key: 'project.name', values: ['other', 'dpo-driver', 'dpo-driver'] },
      { key: 'project.seed', values: [7, 42, 42] },
      { key: 'tasks', values: [['click-tab'], expect.any(Array), expect.any(Array)] },
    ],
    trainings: [],
  })
  expect(await lab.runs.values.query({ keys: ['project.seed', 'tasks', 'no.such'] })).toMatchObject({
    [a]: [42, expect.any(Array), null],
    [b]: [7, ['click-tab'], null],
  })
  mkdirSync(join(folder, 'reports/trial-1'), { recursive: true })
  await lab.runs.delete.mutate({ runs: [a] })
  expect((await lab.runs.list.query()).map(({ id }) => id)).toEqual([b])
  await expect(lab.runs.get.query({ run: a })).rejects.toThrow(/There is no run 1/)
  expect(await lab.runs.deleted.query()).toMatchObject([{ id: a, command: 'pipeline' }])
  await lab.runs.restore.mutate({ runs: [a] })
  expect(await lab.runs.deleted.query()).toEqual([])
  expect(await lab.runs.get.query({ run: a })).toMatchObject({ id: a, config: { project: { seed: 42 } }, stages: [] })
  await lab.runs.delete.mutate({ runs: [a] })
  await shut()
  await open()
  lab = page().lab
  await expect(lab.runs.restore.mutate({ runs: [a] })).rejects.toThrow(/There is no run 1/)
  expect(existsSync(join(folder, 'reports/trial-1'))).toBe(false)
})

test('the list of runs tells what came of each stage, also where it was listed before', async () => {
  const { lab } = page()
  const run = pastRun('pipeline', 'running')
  const first = async () => (await lab.runs.list.query())[0]!
  expect(await first()).toMatchObject({ told: null, rates: null, seconds: 0 })
  const golden = { run, stage: 'golden', round: 0 }
  store.stages.start(golden)
  store.stages.addSeconds(golden, 3)
  expect(await first()).toMatchObject({ told: null, seconds: 3 })
  store.stages.end(golden, 'done', { samples: 4, recorded: 4, without: [] })
  const told = (await first()).told
  expect(told).not.toBeNull()
  store.stages.start(golden)
  expect((await first()).told).toBeNull()
  store.stages.end(golden, 'done', { samples: 5, recorded: 5, without: [] })
  expect((await first()).told).not.toEqual(told)
  const arms = { dpo: { success: 0.5, n: 2, low: 0.1, high: 0.9, faults: 0 } }
  store.stages.start({ run, stage: 'evaluate', round: 1 })
  store.stages.end({ run, stage: 'evaluate', round: 1 }, 'done', { report: '', round: 1, arms })
  expect(await first()).toMatchObject({ rates: arms })
})

test('runs have a title, a note and tags', async () => {
  const { lab } = page()
  const [a, b] = [pastRun(), pastRun()]
  await lab.runs.label.mutate({ run: a, title: ' The best ' })
  await lab.runs.label.mutate({ run: a, note: 'Look again.' })
  await lab.runs.tag.mutate({ runs: [a, b, 99], tag: 'paper', on: true })
  await lab.runs.tag.mutate({ runs: [a], tag: 'draft', on: true })
  await lab.runs.tag.mutate({ runs: [b], tag: 'paper', on: false })
  expect(await lab.runs.list.query()).toMatchObject([
    { id: b, title: '', note: '', tags: [] },
    { id: a, title: 'The best', note: 'Look again.', tags: ['draft', 'paper'] },
  ])
  await expect(lab.runs.label.mutate({ run: 99, title: 'x' })).rejects.toThrow(/There is no run 99/)
})

test('pairs are read, corrected, counted, and corrected back', async () => {
  const run = wholeRun()
  const { lab } = page()
  expect(await lab.pairs.rounds.query()).toMatchObject([{ run, round: 1, pairs: 3, reviewed: 0 }])
  const { rows, total } = await lab.pairs.list.query({ run, round: 1, limit: 2 })
  expect([total, rows.length, rows[0]?.margin]).toEqual([3, 2, 1])
  const id = rows[0]?.id ?? 0
  const place = { run, round: 1, id }
  expect(await lab.pairs.place.query(place)).toBe(0)
  expect(await lab.pairs.place.query({ ...place, sort: 'margin', descending: true })).toBe(2)
  expect(await lab.pairs.place.query({ ...place, state: 'dropped' })).toBe(null)
  expect(await lab.pairs.get.query({ id })).toMatchObject({
    pair: { id, prompt: 'prompt 0' },
    chosen: { outcome: 'success', steps: [{ hasPicture: true }] },
    rejected: { outcome: 'failure' },
  })
  const edits: number[] = []
  lab.runs.edits.subscribe(undefined, { onData: (count) => void edits.push(count) })
  await vi.waitFor(() => expect(edits).toEqual([0]))
  expect(await lab.pairs.edit.mutate({ ids: [id], action: { kind: 'swap' } })).toMatchObject({
    pairs: [{ id, swapped: true }],
    count: { pairs: 3, reviewed: 1, swapped: 1 },
    undo: 'swap',
  })
  await vi.waitFor(() => expect(edits).toEqual([0, 1]))
  expect((await lab.pairs.get.query({ id })).chosen?.outcome).toBe('failure')
  expect(await lab.pairs.doubt.query({ id, chosen: 'Thought: go\nAction: press Tab' })).toBeNull()
  expect(await lab.pairs.doubt.query({ id, chosen: 'click it' })).toMatchObject({ id: 'chosenDoubt' })
  await lab.pairs.edit.mutate({ ids: [id], action: { kind: 'edit', chosen: 'click it' } })
  expect((await lab.pairs.get.query({ id })).doubt).toMatchObject({
    id: 'chosenDoubt',
    values: { why: { id: 'failure.form' } },
  })
  await lab.pairs.undo.mutate({ run, round: 1 })
  expect(await lab.pairs.undo.mutate({ run, round: 1 })).toMatchObject({
    count: { reviewed: 0 },
    undo: null,
    redo: 'swap',
  })
  expect(await lab.pairs.redo.mutate({ run, round: 1 })).toMatchObject({ count: { swapped: 1 } })
  expect((await lab.pairs.history.query({ run, round: 1 })).map(({ kind }) => kind)).toEqual([
    'redo',
    'undo',
    'undo',
    'edit',
    'swap',
  ])
  await expect(lab.pairs.edit.mutate({ ids: [id], action: { kind: 'edit', chosen: '' } })).rejects.toThrow(
    /must not be empty/,
  )
})

test('all pairs that are listed are judged at once, and a second annotator agrees or not', async () => {
  const run = wholeRun()
  const { lab } = page()
  const place = { run, round: 1 }
  const ids = (await lab.pairs.list.query(place)).rows.map(({ id }) => id)
  expect(await lab.pairs.editMany.mutate({ some: place, action: { kind: 'keep' } })).toMatchObject({ pairs: 3 })
  await lab.pairs.editMany.mutate({ some: { ids: [ids[0]!] }, action: { kind: 'drop' } })
  expect((await lab.pairs.review.query(place)).count).toMatchObject({ reviewed: 3, dropped: 1 })
  await lab.pairs.judge.mutate({ some: { ...place, state: 'kept' }, annotator: ' Ada ', verdict: 'keep' })
  const judged = { some: { ids: [ids[0]!, ids[1]!, 9999] }, annotator: 'Ada', verdict: 'drop' as const }
  const { changes } = await lab.pairs.judge.mutate(judged)
  expect(changes).toEqual([
    { pair: ids[0], before: null, after: 'drop' },
    { pair: ids[1], before: 'keep', after: 'drop' },
  ])
  expect(await lab.pairs.judgements.query({ ...place, annotator: 'Ada' })).toEqual({
    [ids[0]!]: 'drop',
    [ids[1]!]: 'drop',
    [ids[2]!]: 'keep',
  })
  // States are those of the own judgements, which show nothing of the review; nor does a search.
  const listed = async (more: object) =>
    (await lab.pairs.list.query({ ...place, annotator: 'Ada', ...more })).rows.map(({ id }) => id)
  expect(await listed({ state: 'dropped' })).toEqual([ids[0], ids[1]])
  expect([...(await listed({ state: 'reviewed' })), ...(await listed({ state: 'unreviewed' }))].sort()).toEqual(ids)
  expect(await listed({ state: 'edited' })).toEqual([])
  // Observed 2/3, by chance (1/3 x 2/3) + (2/3 x 1/3) = 4/9.
  const { annotators, agreements } = await lab.pairs.agreement.query(place)
  expect(annotators).toEqual([
    { name: '', judged: 3 },
    { name: 'Ada', judged: 3 },
  ])
  expect(agreements).toEqual([
    { annotators: ['', 'Ada'], n: 3, observed: 2 / 3, kappa: expect.closeTo((2 / 3 - 4 / 9) / (5 / 9), 10) },
  ])
  // They are kept apart: training still uses what the corrections keep.
  expect(store.pairs.kept(place)).toHaveLength(2)
  // What one judgement did is taken back as one, apart from what was judged again since.
  await lab.pairs.judge.mutate({ some: { ids: [ids[0]!] }, annotator: 'Ada', verdict: 'swap' })
  const back = changes.map(({ pair, before, after }) => ({ pair, before: after, after: before }))
  expect(await lab.pairs.rejudge.mutate({ annotator: 'Ada', changes: back })).toEqual([back[1]])
  expect(await lab.pairs.judgements.query({ ...place, annotator: 'Ada' })).toEqual({
    [ids[0]!]: 'swap',
    [ids[1]!]: 'keep',
    [ids[2]!]: 'keep',
  })
  const first = [{ pair: ids[0]!, before: 'swap', after: null }] as const
  expect(await lab.pairs.rejudge.mutate({ annotator: 'Ada', changes: [...first] })).toEqual(first)
  expect(await lab.pairs.judgements.query({ ...place, annotator: 'Ada' })).not.toHaveProperty(String(ids[0]))
  const none = { ...place, search: 'nowhere to be found' }
  await expect(lab.pairs.editMany.mutate({ some: none, action: { kind: 'drop' } })).rejects.toThrow(/pair/)
})

test('pairs are exported to a file and imported from one', async () => {
  const run = wholeRun()
  const { lab } = page()
  const { rows } = await lab.pairs.list.query({ run, round: 1 })
  await lab.pairs.edit.mutate({ ids: [rows[1]?.id ?? 0], action: { kind: 'drop' } })
  const out = await fetchFile(`/exports/${run}/preferences.jsonl`)
  expect(out.headers.get('content-disposition')).toBe(`attachment; filename="trial-${run}-preferences.jsonl"`)
  const lines = (await out.text()).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line).seed)).toEqual([0, 2])
  const body = `${lines[1]}\n${preferenceText([{ task: 'click-tab', seed: 8, step: 0, prompt: 'p', chosen: 'a', rejected: 'b' }])}`
  const back = await fetchFile(`/imports/${run}/1/preferences?replace`, { method: 'POST', body })
  expect(await back.json()).toMatchObject({
    added: 1,
    dropped: 1,
    same: 1,
    told: [
      { id: 'chosenUnreadable' },
      { id: 'pairAdded', values: { place: 'preferences.jsonl:2' } },
      { id: 'pairDropped' },
    ],
  })
  expect(await lab.pairs.review.query({ run, round: 1 })).toMatchObject({
    undo: 'import',
    count: { pairs: 4, dropped: 2 },
  })
  const broken = await fetchFile(`/imports/${run}/1/preferences`, { method: 'POST', body: '{"prompt": 1}' })
  expect([broken.status, await broken.text()]).toEqual([
    400,
    expect.stringMatching(/^preferences.jsonl:1: prompt must be/),
  ])
})

test('results say who won, and are exported as report, table and figures', async () => {
  const run = wholeRun()
  const { lab } = page()
  expect(await lab.results.runs.query()).toMatchObject([{ run }])
  const results = await lab.results.get.query({ run })
  expect(results).toMatchObject({
    arms: { sft: { success: 0.25, n: 4 }, dpo: { success: 0.75 } },
    against: { sft: { won: 2, lost: 0 } },
    failures: { sft: [['wrong', 3]] },
    verdict: [{ kind: 'learned', standing: 'same', arm: 'dpo', against: 'sft' }],
  })
  const soFar = await lab.results.soFar.query({ run, round: 1 })
  for (const [arm, { success, n, low, high, faults }] of Object.entries(soFar)) {
    expect(results.arms[arm]).toEqual({ success, n, low, high, faults })
  }
  expect(Object.keys(soFar).sort()).toEqual(Object.keys(results.arms).sort())
  const won = await lab.results.outcomes.query({ run, kind: 'won' })
  expect(won).toMatchObject({
    total: 2,
    rows: [{ task: 'click-tab', seed: 51, kind: 'won', whyB: { id: 'failure.wrong' } }, { seed: 52 }],
  })
  const sorted = await lab.results.outcomes.query({ run, sort: 'seed', descending: true })
  const seeds = sorted.rows.map(({ seed }) => seed)
  expect(seeds).toEqual(seeds.toSorted((a, b) => b - a))
  const unsolvedFirst = await lab.results.outcomes.query({ run, sort: 'a' })
  expect(unsolvedFirst.rows.map(({ kind }) => kind === 'won' || kind === 'both')).toEqual([false, true, true, true])
  const last = sorted.rows.at(-1)!
  const place = { run, sort: 'seed', descending: true, episode: last.a } as const
  expect(await lab.results.outcome.query(place)).toEqual({ at: sorted.total - 1, problem: last })
  expect(await lab.results.outcome.query({ ...place, episode: 999_999 })).toBeNull()
  expect(results.changes?.tasks['click-tab']).toEqual(results.changes?.overall)
  expect(results.changes?.overall).toMatchObject({ difference: 0.5, won: 2 })
  expect(await lab.episodes.get.query({ id: won.rows[0]?.a ?? 0 })).toMatchObject({
    arm: 'dpo',
    outcome: 'success',
    seed: 51,
  })
  store.episodes.add({ run, stage: 'collect', round: 1, arm: '' }, episode(9, 0, 'failure'))
  expect(await lab.episodes.unsolved.query({ run, round: 1 })).toEqual([
    { task: 'click-tab', seed: 9, unsolved: 1, problems: 4, share: 0.25 },
  ])
  expect(await lab.results.markdown.query({ run })).toMatch(
    /^\| task \| SFT \| DPO \|\n\| --- \| ---: \| ---: \|\n\| click-tab \| 25\.0/,
  )
  const report = await fetchFile(`/exports/${run}/report.html?inline`)
  expect(report.headers.get('content-security-policy')).toMatch(/sandbox$/)
  expect(await report.text()).toContain('No measurable change from SFT to DPO')
  expect(JSON.parse(await (await fetchFile(`/exports/${run}/summary.json`)).text())).toMatchObject({
    dpo: { success: 0.75 },
  })
  const none = await fetchFile(`/exports/${run}/metrics.csv`)
  expect(await none.text()).toBe('stage,round,arm,step,name,value\r\n')
  const bare = pastRun()
  expect((await fetchFile(`/exports/${bare}/report.html`)).status).toBe(400)
  expect((await fetchFile(`/exports/${run}/passwords.txt`)).status).toBe(404)
})

test('every token of a pair is scored under the available policies', async () => {
  const run = wholeRun(1)
  const { lab } = page()
  const { initLora, saveAdapter } = await import('../engine/adapter/adapter.ts')
  const { parseModelConfig } = await import('../engine/checkpoint/config-json.ts')
  const file = projectPath('models/base/config.json')
  const base = parseModelConfig(file, readFileSync(file, 'utf8'))
  const lora = { r: 2, lora_alpha: 4, lora_dropout: 0, target_modules: ['q_proj'] as const }
  await saveAdapter(join(folder, 'sft'), lora, initLora(base, lora, 1), 'models/base')
  const [pair] = (await lab.pairs.list.query({ run, round: 1 })).rows
  const { chosen, rejected, margins } = await lab.pairs.tokens.query({ id: pair?.id ?? 0 })
  const text = chosen.map((token) => token.text).join('')
  expect(text.startsWith(pair?.chosen ?? '?')).toBe(true)
  const sum = (tokens: typeof chosen) => tokens.reduce((total, { logprobs }) => total + (logprobs.sft ?? Number.NaN), 0)
  expect(sum(chosen)).toBeLessThan(0)
  expect(margins).toEqual({ sft: expect.closeTo(sum(chosen) - sum(rejected), 3) })
  // The same adapter as DPO policy: the margin of each pair is the sum of its tokens' margins.
  await expect(lab.pairs.score.mutate({ run, round: 1 })).rejects.toThrow(/dpo: there is no adapter here/)
  await saveAdapter(join(folder, 'dpo'), lora, initLora(base, lora, 1), 'models/base')
  expect(await lab.pairs.score.mutate({ run, round: 1 })).toEqual({ pairs: 1 })
  const by = { sort: 'policyMargin', descending: true } as const
  const [scored] = (await lab.pairs.list.query({ run, round: 1, ...by })).rows
  for (const margin of [scored?.policyMargin, scored?.margin]) expect(margin).toBeCloseTo(margins.sft ?? 0, 3)
  // After training on the round, it is scored under its own reference and its own policy.
  const { runArtifacts } = await import('../pipeline/artifacts.ts')
  const record = store.runs.get(run)
  const reference = join(folder, 'reference')
  await saveAdapter(reference, lora, initLora(base, lora, 2), 'models/base')
  await saveAdapter(runArtifacts(record.config, record).adapter('dpo', 1), lora, initLora(base, lora, 3), 'models/base')
  store.stages.start({ run, stage: 'dpo', round: 1 })
  store.stages.end({ run, stage: 'dpo', round: 1 }, 'done', { pairs: 1, reference, arms: ['dpo'] })
  expect(Object.keys((await lab.pairs.tokens.query({ id: pair?.id ?? 0 })).margins)).toEqual(['sft', 'dpo_round_1'])
})

test('pictures are found by episode and step', async () => {
  wholeRun(1)
  const picture = await fetchFile('/pictures/1/0')
  expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
  expect([...new Uint8Array(await picture.arrayBuffer())]).toEqual([255, 216, 255])
  expect((await fetchFile('/pictures/1/9.txt')).status).toBe(400)
})

test('a training names the kept step, where its stage chose one', async () => {
  const run = pastRun()
  const arm = { run, stage: 'sft', round: 0, arm: 'sft' }
  const { lab } = page()
  store.metrics.add(arm, 8, { loss: 1 })
  const kept = async () => (await lab.metrics.arms.query({ run })).map((one) => one.kept)
  expect(await kept()).toEqual([null])
  store.stages.start(arm)
  store.stages.end(arm, 'done', { examples: 3, step: 4, steps: 8, stoppedEarly: true })
  expect(await kept()).toEqual([4])
})

test('curves are followed step by step, past a lost connection', async () => {
  const run = pastRun()
  const arm = { run, stage: 'dpo', round: 1, arm: 'dpo' }
  const { lab, breakLine } = page()
  for (let step = 1; step <= 20; step++) store.metrics.add(arm, step, { loss: 1 / step })
  expect(await lab.metrics.arms.query({})).toEqual([{ ...arm, names: ['loss'], lastStep: 20, kept: null }])
  expect(await lab.metrics.curves.query({ arms: [arm], names: ['loss'], points: 5 })).toMatchObject([
    { steps: [1, 5, 9, 13, 17] },
  ])
  const steps: number[] = []
  lab.metrics.follow.subscribe(arm, { onData: ({ data }) => steps.push(data.step) })
  await until(() => steps.length === 20)
  breakLine()
  await setTimeout(50)
  store.metrics.add(arm, 21, { loss: 0 })
  await until(() => steps.length === 21)
  expect(steps).toEqual(Array.from({ length: 21 }, (_, at) => at + 1))
})

test('the curves of two hundred runs come in one answer, but not any number of points', async () => {
  const { lab } = page()
  const arms = Array.from({ length: 200 }, (_, at) => ({ run: at + 1, stage: 'dpo', round: 1, arm: 'dpo' }))
  expect(await lab.metrics.curves.query({ arms, names: ['loss', 'num_tokens'], points: 40 })).toHaveLength(400)
  await expect(lab.metrics.curves.query({ arms, names: Array(64).fill('loss'), points: 5000 })).rejects.toThrow(
    /must be fewer curves/,
  )
})

test('an adapter that cannot be read is listed with the reason', async () => {
  const run = wholeRun()
  const place = join(folder, `reports/trial-${run}/sft_adapter`)
  mkdirSync(place, { recursive: true })
  const { lab } = page()
  expect(await lab.adapters.list.query()).toEqual([])
  const problem = async () => {
    const [adapter] = await lab.adapters.list.query()
    expect(adapter).toMatchObject({ arm: 'sft', run, round: 0, path: place, current: false })
    return adapter?.problem
  }
  const config = join(place, 'adapter_config.json')
  writeFileSync(config, '{"r": ')
  expect(await problem()).toMatchObject({ id: 'fileNotJson', values: { file: config } })
  writeFileSync(
    config,
    '{"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"], "use_dora": true}',
  )
  expect(await problem()).toMatchObject({ id: 'fileKeyWrong', values: { key: 'use_dora' } })
  writeFileSync(config, '{"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"]}')
  expect(await problem()).toMatchObject({ id: 'safetensorsMissing' })
  await expect(lab.adapters.use.mutate({ path: place, as: 'sft' })).rejects.toThrow('safetensors is missing')
  const foreign = { peft_type: 'LORA', target_modules: '.*[qv]_proj', base_model_name_or_path: 'Qwen/Qwen2-7B' }
  writeFileSync(config, JSON.stringify(foreign))
  writeFileSync(join(place, 'adapter_model.safetensors'), '')
  expect(await problem()).toBe(null)
  const [listed] = await lab.adapters.list.query()
  expect(listed).toMatchObject({ target_modules: ['q_proj', 'v_proj'], note: { id: 'adapterOtherName' } })
  rmSync(join(place, 'adapter_model.safetensors'))
  rmSync(config)
  writeFileSync(join(place, 'adapter_model.safetensors'), '')
  expect(await problem()).toMatchObject({ id: 'adapterConfigMissing' })
})

test('adapters are listed with their lineage, golden samples with their file', async () => {
  const run = wholeRun()
  const { lab } = page()
  expect(await lab.adapters.list.query()).toEqual([])
  const { saveAdapter } = await import('../engine/adapter/adapter.ts')
  const lora = { r: 2, lora_alpha: 4, lora_dropout: 0, target_modules: ['q_proj'] as const }
  await saveAdapter(join(folder, `reports/trial-${run}/round-1/dpo_adapter`), lora, new Map(), 'models/base')
  store.stages.start({ run, stage: 'sft', round: 0 })
  store.stages.end({ run, stage: 'sft', round: 0 }, 'done', { examples: 29, step: 8, steps: 8, stoppedEarly: false })
  store.stages.start({ run, stage: 'dpo', round: 1 })
  store.stages.end({ run, stage: 'dpo', round: 1 }, 'done', { pairs: 3, reference: 'models/sft', arms: ['dpo'] })
  expect(await lab.adapters.list.query()).toMatchObject([
    {
      arm: 'dpo',
      run,
      round: 1,
      r: 2,
      current: false,
      lineage: [
        { kind: 'pairs', run, count: 3 },
        { kind: 'adapter', name: 'models/sft' },
        { kind: 'golden', count: 29 },
        { kind: 'base', name: 'models/base' },
      ],
      origin: null,
      rounds: 1,
    },
  ])
  // Where the store knows what was trained on, the pairs come from there.
  const other = store.runs.create('trial', 'collect', store.runs.get(run).config)
  store.pairs.setTrainingSet({ run, round: 1 }, { run: other, round: 2 })
  expect(await lab.adapters.list.query()).toMatchObject([
    { lineage: [{ kind: 'pairs', run: other, round: 2 }, {}, {}, {}] },
  ])
  const [{ path = '' } = {}] = await lab.adapters.list.query()
  expect(await lab.adapters.use.mutate({ path, as: 'dpo' })).toMatchObject([
    {
      arm: 'dpo',
      run: null,
      current: true,
      origin: { path, arm: 'dpo', run, round: 1 },
      lineage: [{ count: 3 }, {}, {}, {}],
    },
    { run },
  ])
  await expect(lab.adapters.merge.mutate({ path, name: '../out' })).rejects.toThrow(/name must be letters/)
  await expect(lab.adapters.merge.mutate({ path, name: 'base' })).rejects.toThrow(/choose another folder/)
  await expect(lab.adapters.merge.mutate({ path, into: join(folder, 'no'), name: 'out' })).rejects.toThrow(
    /There is no folder/,
  )
  await expect(lab.adapters.use.mutate({ path: '/etc', as: 'sft' })).rejects.toThrow(/\/etc: there is no adapter here/)
  const zip = await fetchFile(`/adapter.zip?path=${encodeURIComponent(path)}`)
  const files = unzipSync(new Uint8Array(await zip.arrayBuffer()))
  expect(Object.keys(files).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors'])
  writeFileSync(join(folder, 'golden.jsonl'), '')
  expect(await lab.golden.list.query({})).toMatchObject({ rows: [], total: 0 })
})

test('adapters are compared by weights, lineage and success, and merged into the folder that the user names', async () => {
  const { initLora, saveAdapter } = await import('../engine/adapter/adapter.ts')
  const { architectureOf } = await import('../engine/architecture.ts')
  const { adapterDigest } = await import('../engine/adapter/identity.ts')
  const model = architectureOf('models/base')
  const run = wholeRun()
  const lora = { r: 2, lora_alpha: 4, lora_dropout: 0, target_modules: ['q_proj', 'v_proj'] as const }
  const place = (arm: string) =>
    join(folder, `reports/trial-${run}`, arm === 'sft' ? 'sft_adapter' : `round-1/${arm}_adapter`)
  for (const [seed, arm] of ['sft', 'dpo'].entries()) {
    const tensors = initLora(model, lora, seed)
    // Makes the adapter look trained: B is zero before training.
    for (const { data } of tensors.values()) data.fill((seed + 1) / 100)
    await saveAdapter(place(arm), lora, tensors, 'models/base')
  }
  const { lab } = page()
  const [dpo, sft] = ['dpo', 'sft'].map((arm) => place(arm))
  const compared = await lab.adapters.compare.query({ a: dpo!, b: sft! })
  expect(compared.success).toBeNull()
  expect(compared.settings).toEqual([])
  expect(compared.origin.map(({ key }) => key)).toEqual(expect.arrayContaining(['round', 'arm']))
  expect(compared.changes).toHaveLength(2 * model.num_hidden_layers)
  for (const { a, b, difference } of compared.changes) {
    expect(a / b).toBeCloseTo(4, 5)
    expect(difference! / b).toBeCloseTo(3, 5)
  }

  const evaluated = { report: '', round: 1, arms: {}, adapters: { sft: adapterDigest(sft!), dpo: adapterDigest(dpo!) } }
  store.stages.end({ run, stage: 'evaluate', round: 1 }, 'done', evaluated)
  await lab.adapters.use.mutate({ path: dpo!, as: 'dpo' })
  const again = await lab.adapters.compare.query({ a: join(folder, 'dpo'), b: sft! })
  expect(again.settings).toEqual([])
  expect(again.success).toMatchObject({ runs: [run, run], arms: ['dpo', 'sft'] })
  const { n, won, lost, both, neither } = again.success!.paired
  expect([n, won + both, lost + both]).toEqual([
    won + lost + both + neither,
    ...again.success!.rates.map((rate) => Math.round(rate.success * rate.n)),
  ])

  mkdirSync(join(folder, 'merged'))
  await lab.adapters.merge.mutate({ path: dpo!, into: join(folder, 'merged'), name: 'agent' })
  await vi.waitFor(() => expect(existsSync(join(folder, 'merged/agent/model.safetensors'))).toBe(true), 10_000)
})

test('settings are not saved over what another window has saved meanwhile', async () => {
  const { lab } = page()
  const counts: number[] = []
  lab.config.edits.subscribe(undefined, { onData: (count) => void counts.push(count) })
  await vi.waitFor(() => expect(counts).toEqual([0]))
  const { seed } = settings.read().project
  await lab.config.set.mutate({ values: { 'project.seed': 8 }, before: { 'project.seed': seed } })
  await vi.waitFor(() => expect(counts).toEqual([0, 1]))
  await expect(
    lab.config.set.mutate({ values: { 'project.seed': 9 }, before: { 'project.seed': seed } }),
  ).rejects.toThrow('settings: project.seed changed in the file since you began to type')
  expect(settings.read().project.seed).toBe(8)
})

test('what training again does and takes is known before', async () => {
  const { lab } = page()
  const run = wholeRun()
  expect(await lab.job.retraining.query({ run, round: 1 })).toMatchObject({
    pairs: 3,
    few: true,
    steps: settings.read().training.dpo.max_steps,
    trained: 4,
    forecast: { seconds: null, source: null },
  })
  expect(await lab.job.forecast.query({ command: 'pipeline' })).toMatchObject({ seconds: null })
})
