/** Every expert on real pages: its success rate over 8 seeds, for the benchmark's tasks and the built-in ones. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { SUITES } from '../../config/suites.ts'
import { english } from '../../messages/say.ts'
import { endingMessage } from '../../store/episode.ts'
import type { Action } from '../action.ts'
import { Environment } from '../environment.ts'
import { hasMiniwob } from '../miniwob.ts'
import type { Session } from '../session.ts'
import { listTasks, type Task } from '../tasks.ts'
import { decide, type Expert, Stuck } from './expert.ts'
import { EXPERTS } from './index.ts'

const SEEDS = 8
const LIMIT = 300_000
const miniwob = path.join(fileURLToPath(new URL('../../..', import.meta.url)), 'data/miniwob')

const environment = new Environment()
afterAll(() => environment.close())

/** '' where the expert solved the problem within the task's horizon, otherwise what went wrong. */
async function play(session: Session, task: Task, seed: number, expert: Expert): Promise<string> {
  let observation = await session.reset(task, seed)
  const done: Action[] = []
  while (done.length < task.horizon) {
    try {
      done.push(decide(expert, observation, done).action)
    } catch (error) {
      if (error instanceof Stuck) return `seed ${seed}: ${error.message}`
      throw error
    }
    const result = await session.step(done.at(-1)!)
    if (result.done) {
      const { ending } = result
      return ending.outcome === 'success' ? '' : `seed ${seed}: ${english(endingMessage(ending))}`
    }
    observation = result.observation
  }
  return `seed ${seed}: more than ${task.horizon} steps`
}

function suite(tasks: readonly Task[]): void {
  const played = tasks.filter(({ name }) => EXPERTS[name] !== undefined)
  test.concurrent.for(played)(`$name: ${SEEDS} of ${SEEDS}`, { timeout: LIMIT }, async (task) => {
    const failures = await environment.use(task, async (session) => {
      const outcomes: string[] = []
      for (let seed = 0; seed < SEEDS; seed++) outcomes.push(await play(session, task, seed, EXPERTS[task.name]!))
      return outcomes.filter((outcome) => outcome !== '')
    })
    expect(failures).toEqual([])
  })
}

test('every task of a suite has an expert', () => {
  expect(Object.values(SUITES).flatMap((names) => names.filter((name) => EXPERTS[name] === undefined))).toEqual([])
})

describe('the built-in tasks', () => suite(listTasks({})))

const absent = hasMiniwob(miniwob) ? '' : ' (not here: data/miniwob is missing; `npm run setup` fetches it)'
describe.skipIf(absent !== '')(`the benchmark${absent}`, () => {
  const tasks = hasMiniwob(miniwob) ? listTasks({ miniwob }).filter(({ source }) => source === 'miniwob') : []
  test('at least 30 of its tasks have an expert', () => {
    expect(tasks.filter(({ name }) => EXPERTS[name] !== undefined).length).toBeGreaterThanOrEqual(30)
  })
  suite(tasks)
})
