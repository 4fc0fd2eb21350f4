/** The live view's procedures, called as a page does it. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openWorkbench } from '../../testing/workbench.ts'
import { configSchema } from '../config/schema.ts'
import { Live } from '../live/live.ts'
import type { LiveState, Sight } from '../live/state.ts'
import { liveRouter } from './live.ts'
import type { Context } from './trpc.ts'

const folder = mkdtempSync(join(tmpdir(), 'live-router-'))
const workbench = openWorkbench()
const config = configSchema.parse({
  paths: { sft_data: join(folder, 'golden.jsonl'), sft_adapter_path: join(folder, 'sft') },
  environment: { tasks_dir: workbench.dir },
})
const live = new Live({ config: () => config })
const gone = new AbortController()
const page = liveRouter.createCaller({ live } as unknown as Context, { signal: gone.signal })
afterAll(async () => {
  gone.abort()
  await live.close()
  workbench.remove()
})

test('a page watches, records a task by hand and saves it', async () => {
  const task = workbench.page(
    '<button>Go</button><button>Stay</button>',
    `document.querySelector('#area button').onclick = () => core.judge(true)`,
  )
  const states = (await page.state({ of: null })) as AsyncIterable<LiveState>
  const { screen } = await page.record({ task: task.name, seed: 7 })
  const sights = (await page.sights({ screens: [screen] })) as AsyncIterable<Sight>
  for await (const sight of sights) {
    expect(sight.screen).toMatchObject({ id: screen, seed: 7 })
    break
  }
  await page.act({ screen, action: { kind: 'click', ref: 1 } })
  for await (const { screens } of states) if (screens[0]?.recording?.ready) break
  expect(await page.save({ screen })).toMatchObject({ samples: 1 })
  await page.discard({ screen })
})

test('speed is set for runs and for episodes that a person plays', async () => {
  expect(await page.control({ of: 'job', delay: 200 })).toEqual({ delay: 200, paused: false })
  expect(await page.control({ of: 'job', paused: true })).toEqual({ delay: 200, paused: true })
  await page.next({ of: 'job' })
})

test('what is impossible is refused with a message', async () => {
  const ask = { task: 'click-button', seed: 1 }
  const isUsers = { cause: { name: 'UserError' } }
  await expect(page.play({ ...ask, policies: ['sft'] })).rejects.toMatchObject({
    ...isUsers,
    message: expect.stringContaining('there is no adapter here; run the stage sft first.'),
  })
  await expect(page.input({ screen: 'record-99', input: { type: 'move', x: 1, y: 1 } })).rejects.toMatchObject({
    ...isUsers,
    message: 'This recording is closed: record again.',
  })
  await expect(page.takeOver({ screen: 'job-99' })).rejects.toMatchObject(isUsers)
  for (const wrong of [
    () => page.input({ screen: 'a', input: { type: 'move', x: -1, y: 1 } }),
    () => page.play({ ...ask, policies: [] }),
    () => page.record({ ...ask, seed: 0.5 }),
    () => page.control({ of: 'job', delay: 1e9 }),
  ]) {
    await expect(wrong()).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  }
  expect(await page.policies()).toMatchObject([{ name: 'base', there: true }, { name: 'sft', there: false }, {}])
})
