import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { configSchema } from '../config/schema.ts'
import { UserError } from '../messages/error.ts'
import { Store } from '../store/store.ts'
import type { Member } from '../store/studies.ts'
import { expandPlan, planSchema } from './plan.ts'
import { createStudy, extendStudy, studyNamed } from './studies.ts'
import { memberState, type StudyEvent, workOff } from './work.ts'

let folder: string
let store: Store
let events: StudyEvent[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'study-'))
  store = new Store(join(folder, 'lab.sqlite'))
  events = []
})
afterEach(() => store.close())

const VARIANTS = { a: {}, b: { 'training.dpo.beta': 0.2 } }

function read(
  seeds: readonly number[] = [1, 2],
  variants: Record<string, Record<string, unknown>> = VARIANTS,
  name = 'trial',
) {
  const paths = { reports: join(folder, 'reports'), sft_data: join(folder, 'golden.jsonl') }
  return expandPlan(planSchema.parse({ name, seeds, variants }), (overrides) =>
    configSchema.parse({
      paths,
      project: { name: 'trial' },
      training: { dpo: { beta: overrides['training.dpo.beta'] ?? 0.1 } },
    }),
  )
}

/** Plays members as runs that end at once; `end` may throw instead. */
function work(study: number | null, end: (member: Member) => void = () => {}, signal = new AbortController().signal) {
  return workOff({
    store,
    study,
    signal,
    look: 5,
    emit: (event) => events.push(event),
    async play(member, stop) {
      const run = member.run ?? store.runs.create('trial', 'pipeline', store.studies.config(member))
      store.studies.setRun(member, run)
      store.runs.setStatus(run, 'running')
      try {
        end(member)
        stop.throwIfAborted()
      } catch (error) {
        store.runs.setStatus(run, stop.aborted ? 'stopped' : 'failed')
        throw error
      }
      store.runs.setStatus(run, 'done')
    },
  })
}

const played = () =>
  events.flatMap((one) => (one.event === 'member' ? [`${one.member.variant} ${one.member.seed}`] : []))
const states = (study: number) => store.studies.members(study).map((member) => memberState(member, null))

test('a study plays all variants of a seed, then the next seed, each once', async () => {
  const study = createStudy(store, read())
  expect(await work(study)).toEqual({ failed: 0, state: 'open' })
  expect(played()).toEqual(['a 1', 'b 1', 'a 2', 'b 2'])
  await work(study)
  expect(played()).toHaveLength(4)
})

test('members have their seed, and places in the folder of the study alone', () => {
  writeFileSync(join(folder, 'golden.jsonl'), '')
  const study = createStudy(store, read())
  for (const member of store.studies.members(study)) {
    const { project, paths } = store.studies.config(member)
    expect(project).toEqual({ name: 'trial', seed: member.seed })
    for (const key of ['sft_data', 'preference_data', 'sft_adapter_path', 'dpo_adapter_path'] as const) {
      expect(paths[key]).toContain(join(folder, 'reports', 'studies', `trial-${study}`))
    }
  }
})

test('a member that fails does not keep the others from being played, and is tried again when resumed', async () => {
  const study = createStudy(store, read())
  const broken = await work(study, ({ variant }) => {
    if (variant === 'b') throw new UserError('noRun', { run: 1 })
  })
  expect(broken).toEqual({ failed: 2, state: 'open' })
  expect(states(study)).toEqual(['done', 'failed', 'done', 'failed'])
  expect(events.filter(({ event }) => event === 'memberFailed')).toMatchObject([
    { error: expect.stringContaining('no run 1') },
    {},
  ])
  events = []
  expect(await work(study)).toEqual({ failed: 0, state: 'open' })
  expect(played()).toEqual(['b 1', 'b 2'])
})

test('a bug, and a store that another command holds, end the work at once', async () => {
  const study = createStudy(store, read())
  await expect(
    work(study, () => {
      throw new TypeError('bug')
    }),
  ).rejects.toThrow('bug')
  await expect(
    work(study, () => {
      throw new UserError('storeAtWork', { path: 'x' })
    }),
  ).rejects.toThrow(UserError)
  expect(played()).toHaveLength(2)
})

test('after a stop at any member the study goes on with it', async () => {
  const study = createStudy(store, read())
  const stop = new AbortController()
  await expect(work(study, ({ seed }) => seed === 2 && stop.abort(), stop.signal)).rejects.toThrow(/aborted/)
  expect(states(study)).toEqual(['done', 'done', 'interrupted', 'waiting'])
  const runs = store.studies.members(study).map(({ run }) => run)
  events = []
  await work(study)
  expect(played()).toEqual(['a 2', 'b 2'])
  expect(store.studies.members(study)[2]?.run).toBe(runs[2])
})

test('people pause, cancel and order members while a study is at work', async () => {
  const study = createStudy(store, read([1, 2, 3]))
  const members = store.studies.members(study)
  expect(members.map(({ member }) => member)).toEqual([1, 2, 3, 4, 5, 6])
  const { state } = await work(study, ({ member }) => {
    if (member === 1) store.studies.orderMembers(study, [6, 5])
    if (member === 6) store.studies.setCancelled({ study, member: 2 }, true)
    if (member === 5) store.studies.setState(study, 'paused')
  })
  expect(state).toBe('paused')
  expect(played()).toEqual(['a 1', 'b 3', 'a 3'])
  store.studies.setState(study, 'open')
  await work(study)
  expect(played()).toEqual(['a 1', 'b 3', 'a 3', 'a 2', 'b 2'])
  expect(states(study)).toEqual(['done', 'done', 'done', 'cancelled', 'done', 'done'])
})

test('cancelling the member at work stops its run, and the others go on', async () => {
  const study = createStudy(store, read())
  const work = workOff({
    store,
    study,
    signal: new AbortController().signal,
    look: 2,
    emit: (event) => events.push(event),
    async play(member, stop) {
      const run = store.runs.create('trial', 'pipeline', store.studies.config(member))
      store.studies.setRun(member, run)
      if (member.member === 1) {
        store.studies.setCancelled(member, true)
        await new Promise((_, reject) => stop.addEventListener('abort', () => reject(stop.reason)))
      }
      store.runs.setStatus(run, 'done')
    },
  })
  expect(await work).toEqual({ failed: 0, state: 'open' })
  expect(states(study)).toEqual(['cancelled', 'done', 'done', 'done'])
})

test('a study grows by seeds and variants; what it has keeps its settings', async () => {
  const study = studyNamed(store, 'trial') ?? store.studies.find(createStudy(store, read()))!
  await work(study.id)
  expect(extendStudy(store, study, read([1, 2, 3], { ...VARIANTS, c: { 'training.dpo.beta': 0.5 } }))).toBe(5)
  expect(extendStudy(store, study, read())).toBe(0)
  expect(() => extendStudy(store, study, read([1, 2], { a: { 'training.dpo.beta': 0.7 } }))).toThrow(
    /Seed 1 of variant a is in study trial with other settings/,
  )
  events = []
  await work(study.id)
  expect(played()).toHaveLength(5)
})

test('a member whose run was deleted is played again', async () => {
  const study = createStudy(store, read())
  await work(study)
  store.runs.setDeleted(store.studies.members(study)[0]!.run!, true)
  expect(states(study)).toEqual(['waiting', 'done', 'done', 'done'])
  store.studies.delete(study)
  expect(store.studies.list()).toEqual([])
  expect(store.runs.ids()).toHaveLength(3)
})

test('the queue plays the first open study, as people order and pause them meanwhile', async () => {
  const [one, two, three] = ['one', 'two', 'three'].map((name) => createStudy(store, read([1, 2], { a: {} }, name)))
  store.studies.order([two!])
  store.studies.setState(three!, 'paused')
  const { failed } = await work(null, ({ study, seed }) => {
    if (study === two && seed === 1) store.studies.order([one!])
    if (study === one && seed === 2) throw new UserError('noRun', { run: 1 })
  })
  expect(failed).toBe(1)
  const order = events.flatMap((event) =>
    event.event === 'member' ? [[event.member.study, event.member.seed, event.place, event.of]] : [],
  )
  expect(order).toEqual([
    [two, 1, 1, 2],
    [one, 1, 1, 2],
    [one, 2, 2, 2],
    [two, 2, 2, 2],
  ])
  expect(states(three!)).toEqual(['waiting', 'waiting'])
})
