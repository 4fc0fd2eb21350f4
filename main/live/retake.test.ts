/** Pictures of an episode that was played without any, taken from real pages. */
import { afterAll, expect, test } from 'vitest'
import { openWorkbench } from '../../testing/workbench.ts'
import { Environment } from '../environment/environment.ts'
import { renderPage } from '../environment/observation.ts'
import { retake } from './retake.ts'

const workbench = openWorkbench()
const environment = new Environment({ pages: 1 })
afterAll(async () => {
  await environment.close()
  workbench.remove()
})

const task = workbench.page(
  '<button id="a">First</button><button id="b">Second</button>',
  `const [a, b] = ['a', 'b'].map((id) => document.getElementById(id))
   a.onclick = () => { a.textContent = 'Pressed' }
   b.onclick = () => core.judge(true)`,
)

/** The agent's pages and answers when it pressed the first button and then the second. */
async function played(second = 'Thought: go on\nAction: click Second button 2') {
  const pages = await environment.use(task, async (session) => {
    const first = await session.reset(task, 3)
    const { observation } = await session.step({ kind: 'click', ref: 1 })
    return [first, observation].map((observation) => renderPage(observation))
  })
  return {
    seed: 3,
    steps: [
      { page: pages[0]!, completion: 'Thought: begin\nAction: click First button 1' },
      { page: pages[1]!, completion: second },
    ],
  }
}

test('each step is repeated: it gets a picture of its page and the place of its element', async () => {
  const episode = await played()
  const shots = await environment.use(task, (session) => retake(session, task, episode))
  expect(shots).toHaveLength(2)
  for (const { picture, box } of shots) {
    expect([...picture.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff])
    expect(box!.width).toBeGreaterThan(10)
  }
  expect(shots[0]!.picture).not.toEqual(shots[1]!.picture)
  expect(shots[0]!.box!.x).toBeLessThan(shots[1]!.box!.x)
})

test('an answer without an action has a picture of the page, and no element', async () => {
  const episode = await played('I do not know')
  const shots = await environment.use(task, (session) => retake(session, task, episode))
  expect(shots.map(({ box }) => box === null)).toEqual([false, true])
})

test('it ends at a page that differs from the one that the agent read', async () => {
  const { seed, steps } = await played()
  const changed = { seed, steps: [steps[0]!, { ...steps[1]!, page: `${steps[1]!.page}\n Third button 3` }] }
  expect(await environment.use(task, (session) => retake(session, task, changed))).toHaveLength(1)
})
