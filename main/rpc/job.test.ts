/** Real jobs, started, stopped and resumed as a page does it: the shipped model, real pages, a real engine. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { serveLab, type Web } from '../../app/web.ts'
import { Settings } from '../config/settings.ts'
import type { LabRouter } from './router.ts'

let web: Web
let lab: ReturnType<typeof createTRPCClient<LabRouter>>
let leave: () => void
const bugs: string[] = []

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'job-'))
  const paths = { sft_data: 'golden.jsonl', sft_adapter_path: 'sft', store: 'lab.sqlite', reports: 'reports' }
  const config = {
    paths: {
      ...Object.fromEntries(Object.entries(paths).map(([key, name]) => [key, join(folder, name)])),
      preference_data: join(folder, 'preferences.jsonl'),
      dpo_adapter_path: join(folder, 'dpo'),
    },
    tasks: ['click-button', 'enter-password'],
    golden: { samples_per_task: 1, held_out_per_task: 0 },
    training: { sft: { max_steps: 40 } },
    collect: { seeds_per_task: 12, attempts: 4 },
  }
  // JSON is YAML.
  writeFileSync(join(folder, 'config.yaml'), JSON.stringify(config))
  web = await serveLab({ settings: new Settings(join(folder, 'config.yaml')), onBug: (text) => bugs.push(text) })
  const { host, port, searchParams } = new URL(web.url)
  const headers = { cookie: `dpo-driver-${port}=${searchParams.get('token')}` }
  class Socket extends WebSocket {
    constructor(address: string) {
      super(address, { headers })
    }
  }
  const client = createWSClient({ url: `ws://${host}/trpc`, WebSocket: Socket as never })
  lab = createTRPCClient<LabRouter>({ links: [wsLink({ client })] })
  leave = () => client.close()
})
afterAll(async () => {
  leave()
  await web.close()
  expect(bugs).toEqual([])
})

const until = (so: () => Promise<unknown>) => vi.waitUntil(so, { timeout: 50_000, interval: 10 })
const idle = () => until(async () => (await lab.job.state.query()).status === 'idle')

/** Waits until a stage has done this much of its work. */
const reached = (stage: string, done: number) =>
  until(async () => {
    const { current } = await lab.job.state.query()
    return current?.stage?.name === stage && (current.progress?.done ?? 0) >= done
  })

test('a training that is stopped in the middle continues where it was', async () => {
  await lab.job.start.mutate({ command: 'sft' })
  await reached('sft', 12)
  expect((await lab.job.stop.mutate()).status).toBe('stopping')
  await idle()
  expect((await lab.job.state.query()).last).toMatchObject({ run: 1, status: 'stopped', error: null })
  const steps = async () => (await lab.metrics.arms.query({ run: 1 })).map(({ lastStep }) => lastStep)
  const [stopped = 0] = await steps()
  expect(stopped).toBeGreaterThanOrEqual(12)
  expect(stopped).toBeLessThan(40)
  await lab.job.resume.mutate({ run: 1 })
  await idle()
  expect((await lab.job.state.query()).last).toMatchObject({ run: 1, status: 'done' })
  expect(await steps()).toEqual([40])
  expect(await lab.adapters.list.query()).toMatchObject([
    { arm: 'sft', current: true },
    { arm: 'sft', run: 1 },
  ])
  const { stages } = await lab.runs.stages.query({ run: 1 })
  expect(stages.map(({ stage, line }) => [stage, line])).toMatchObject([
    ['golden', { id: 'lineGolden', values: { golden: { id: 'countGolden' }, recorded: expect.any(Number) } }],
    ['sft', { id: 'lineSft', values: { samples: { id: 'countSamples' }, steps: { values: { count: 40 } }, step: 40 } }],
  ])
})

test('a collection whose browser and engine are closed is resumed, and no attempt is lost or played twice', async () => {
  await lab.job.start.mutate({ command: 'collect' })
  await reached('collect', 5)
  await lab.job.stopNow.mutate()
  await idle()
  expect((await lab.job.state.query()).last).toMatchObject({ run: 2, status: 'stopped' })
  const count = async () => (await lab.episodes.list.query({ run: 2, limit: 1 })).total
  expect(await count()).toBeLessThan(96)
  await lab.job.resume.mutate({})
  await idle()
  expect(await count()).toBe(96)
  const groups = await lab.episodes.groups.query({ run: 2, outcome: 'fault' })
  expect(groups).toEqual([])
})
