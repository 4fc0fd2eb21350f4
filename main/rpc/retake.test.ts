/** Pictures that a page requests of an episode that was played without any. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ENDINGS } from '../../testing/endings.ts'
import { openWorkbench } from '../../testing/workbench.ts'
import { configSchema } from '../config/schema.ts'
import { Live } from '../live/live.ts'
import { Store } from '../store/store.ts'
import { episodesRouter } from './episodes.ts'
import type { Context } from './trpc.ts'

const workbench = openWorkbench()
const store = new Store(join(mkdtempSync(join(tmpdir(), 'retake-')), 'lab.sqlite'))
const config = configSchema.parse({ environment: { tasks_dir: workbench.dir } })
const live = new Live({ config: () => config })
const page = episodesRouter.createCaller({ live, lab: { store } } as unknown as Context)
afterAll(async () => {
  await live.close()
  store.close()
  workbench.remove()
})

function played(task: string): number {
  const run = store.runs.create('trial', 'collect', config)
  const step = { prompt: '', tokens: [1], logprob: -1, thought: '', action: '' }
  const steps = [{ ...step, page: ' Go button 1', completion: 'Thought: go\nAction: click Go button 1' }]
  const problem = { task, seed: 1, attempt: 0, instruction: '' }
  store.episodes.add(
    { run, stage: 'collect', round: 1, arm: '' },
    { ...problem, ...ENDINGS.success, duration: 1, steps },
  )
  return store.episodes.list({ run }, { by: 'id', descending: true }, { offset: 0, limit: 1 }).rows[0]!.id
}

test('the episode keeps its pictures afterwards', async () => {
  const task = workbench.page(
    '<button>Go</button>',
    `document.querySelector('button').onclick = () => core.judge(true)`,
  )
  const id = played(task.name)
  expect((await page.get({ id })).steps[0]).toMatchObject({ hasPicture: false, box: null })
  const boxes = await page.retake({ id })
  expect(boxes).toHaveLength(1)
  expect((await page.get({ id })).steps[0]).toMatchObject({ hasPicture: true, box: boxes[0] })
  expect([...store.episodes.picture(id, 0)!.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff])
})

test('an episode of a task that no longer exists is refused with a message', async () => {
  await expect(page.retake({ id: played('gone') })).rejects.toMatchObject({ cause: { name: 'UserError' } })
  await expect(page.retake({ id: 99 })).rejects.toMatchObject({ message: expect.stringContaining('no episode 99') })
})
