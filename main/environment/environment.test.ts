import { afterAll, beforeAll, expect, test } from 'vitest'
import { openWorkbench, type Workbench } from '../../testing/workbench.ts'
import { Environment } from './environment.ts'
import type { Session } from './session.ts'

let environment: Environment
let workbench: Workbench
beforeAll(() => {
  environment = new Environment({ pages: 2 })
  workbench = openWorkbench()
})
afterAll(async () => {
  await environment.close()
  workbench.remove()
})

test('at most as many episodes are played at a time as there are pages', async () => {
  const task = workbench.page('<p>a</p>')
  let playing = 0
  let most = 0
  const play = async (): Promise<void> => {
    most = Math.max(most, ++playing)
    await new Promise((resolve) => setTimeout(resolve, 5))
    playing--
  }
  await Promise.all(Array.from({ length: 7 }, () => environment.use(task, play)))
  expect(most).toBe(2)
})

test('a session is returned when the play throws', async () => {
  const task = workbench.page('<p>a</p>')
  const failing = () =>
    environment.use(task, () => {
      throw new Error('mine')
    })
  for (let i = 0; i < 5; i++) await expect(failing()).rejects.toThrow('mine')
  expect(await environment.use(task, async () => 'still lent')).toBe('still lent')
})

test('a task gets the page that has it loaded already', async () => {
  const [first, second] = [workbench.page('<p>first</p>'), workbench.page('<p>second</p>')]
  const seen = new Map<string, Session>()
  const remember = async (task: typeof first): Promise<void> =>
    environment.use(task, async (session) => {
      await session.reset(task, 1)
      seen.set(task.name, session)
    })
  await Promise.all([remember(first), remember(second)])
  for (const task of [second, first, second, second, first]) {
    expect(await environment.use(task, async (session) => session === seen.get(task.name))).toBe(true)
  }
})
