import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { configSchema } from '../config/schema.ts'
import { message } from '../messages/message.ts'
import { Store } from '../store/store.ts'
import type { LabEvent } from './events.ts'
import type { Resources } from './resources.ts'
import { type Runner, type RunnerOptions, runStages } from './runner.ts'
import type { Stage, StageName } from './stage.ts'

let store: Store
let run: RunnerOptions['run']
let events: LabEvent[]

beforeEach(() => {
  store = new Store(join(mkdtempSync(join(tmpdir(), 'runner-')), 'lab.sqlite'))
  const config = configSchema.parse({})
  run = { id: store.runs.create('trial', 'pipeline', config), name: 'trial', config, collection: null }
  events = []
})
afterEach(() => store.close())

/** A stage that does `work` and counts its calls. */
function stage(name: StageName, work: Stage<number>['run']): Stage<number> & { calls: number } {
  return {
    name,
    title: message('verbatim', { text: `does ${name}` }),
    result: z.number(),
    calls: 0,
    run(context) {
      this.calls++
      return work(context)
    },
    line: (result) => message('verbatim', { text: result }),
  }
}

function start<T>(work: (runner: Runner) => Promise<T>, signal = new AbortController().signal): Promise<T> {
  const resources = {} as Resources
  return runStages({ store, run, resources, signal, emit: (event) => events.push(event) }, work)
}

test('a finished stage is skipped the next time, with its stored result', async () => {
  const sft = stage('sft', async () => 7)
  const broken = stage('dpo', async () => {
    throw new Error('no')
  })
  const work = async (runner: Runner) => [await runner.perform(sft, 0), await runner.perform(broken, 1)]
  await expect(start(work)).rejects.toThrow('no')
  expect(store.runs.latest()?.status).toBe('failed')
  broken.run = async () => 8
  expect(await start(work)).toEqual([7, 8])
  expect(sft.calls).toBe(1)
  expect(store.runs.latest()?.status).toBe('done')
  expect(store.stages.of(run.id).map(({ stage, status, result }) => [stage, status, result])).toEqual([
    ['sft', 'done', 7],
    ['dpo', 'done', 8],
  ])
})

test('the same stage in another round is a different one', async () => {
  const collect = stage('collect', async ({ round }) => round)
  await start(async (runner) => [await runner.perform(collect, 1), await runner.perform(collect, 2)])
  expect(collect.calls).toBe(2)
})

test('a cancelled stage and its run are marked as stopped, and no later stage starts', async () => {
  const controller = new AbortController()
  const first = stage('collect', async ({ signal }) => {
    controller.abort()
    signal.throwIfAborted()
    return 1
  })
  const second = stage('dpo', async () => 2)
  const work = async (runner: Runner) => {
    await runner.perform(first, 1).catch(() => {})
    return runner.perform(second, 1)
  }
  await expect(start(work, controller.signal)).rejects.toThrow(/abort/i)
  expect(store.stages.of(run.id)).toMatchObject([{ stage: 'collect', status: 'stopped' }])
  expect(store.runs.latest()?.status).toBe('stopped')
  expect(second.calls).toBe(0)
})

test('progress, metrics and messages are reported with their stage, and metrics are stored', async () => {
  const sft = stage('sft', async (context) => {
    context.progress(0, 10, message('unitTasks'))
    context.metrics('sft', 1, { loss: 0.5 })
    context.say('noSuccesses')
    return 1
  })
  await start((runner) => runner.perform(sft, 0))
  expect(events.map(({ event }) => event)).toEqual(['stage', 'progress', 'metrics', 'message', 'stage', 'end'])
  expect(events[1]).toMatchObject({
    stage: 'sft',
    round: 0,
    done: 0,
    total: 10,
    unit: 'tasks',
    counted: { id: 'unitTasks' },
  })
  expect(events[4]).toMatchObject({ status: 'done', result: 1 })
  expect(store.metrics.of(run.id)).toMatchObject([{ stage: 'sft', arm: 'sft', step: 1, name: 'loss', value: 0.5 }])
})

test('the time of a stage adds up over resumptions', async () => {
  let fail = true
  const collect = stage('collect', async () => {
    await new Promise((resolve) => setTimeout(resolve, 30))
    if (fail) throw new Error('once')
    return 1
  })
  await start((runner) => runner.perform(collect, 1)).catch(() => {})
  const before = store.stages.of(run.id)[0]?.seconds ?? 0
  fail = false
  await start((runner) => runner.perform(collect, 1))
  expect(before).toBeGreaterThan(0.02)
  expect(store.stages.of(run.id)[0]?.seconds).toBeGreaterThan(before + 0.02)
})

test('a store that fails for a while ends neither the process nor the stage', async () => {
  const other = new DatabaseSync(store.path)
  const slow = stage('sft', async () => {
    other.exec('BEGIN IMMEDIATE')
    await pause(1300)
    other.exec('ROLLBACK')
    return 7
  })
  expect(await start((runner) => runner.perform(slow, 0))).toBe(7)
  // What could not be written meanwhile is written later.
  expect(store.stages.of(run.id)[0]?.seconds).toBeGreaterThan(1)
  other.close()
})

test('where the store fails as well, the first error is told, and the run can be resumed', async () => {
  const broken = stage('sft', async () => {
    store.close()
    throw new Error('the first')
  })
  await expect(start((runner) => runner.perform(broken, 0))).rejects.toThrow('the first')
  store = new Store(store.path)
  expect(store.runs.latest()?.status).toBe('running')
})
