import type { Page } from 'puppeteer-core'
import { expect, test, vi } from 'vitest'
import { ENDINGS } from '../../testing/endings.ts'
import type { View } from '../environment/emulation.ts'
import type { Session } from '../environment/session.ts'
import { listTasks } from '../environment/tasks.ts'
import { WHOLE_PAGE } from './look.ts'
import { Screen } from './screen.ts'

/** A page with a screencast that the test controls, and a session on it. */
function staged() {
  let send = (_frame: { data: string; metadata: { timestamp: number }; sessionId: number }) => {}
  const cdp = {
    on: (_name: string, listener: typeof send) => {
      send = listener
    },
    send: async () => {},
    detach: async () => {},
  }
  const page = { isClosed: () => false, createCDPSession: async () => cdp } as unknown as Page
  const views: View[] = []
  const showView = (view: View) => {
    views.push(view)
    return () => views.splice(views.indexOf(view), 1)
  }
  const session = { page, since: null as number | null, painted: async () => (session.since ?? 0) + 5, showView }
  return {
    session: session as unknown as Session,
    /** The views of the page that are asked for. */
    shown: () => [...views],
    stand: (since: number | null) => {
      session.since = since
    },
    picture: (data: string, taken: number) => send({ data, metadata: { timestamp: taken / 1000 }, sessionId: 1 }),
  }
}

test('a picture never stands under another problem', async () => {
  const [task] = listTasks({})
  const programme = { stage: 'collect', round: 1, arm: '' }
  const first = { task: task!, seed: 1, attempt: 0 }
  const second = { task: task!, seed: 2, attempt: 0 }
  const screen = new Screen('job-1', 'job', programme, first, { changed: () => {}, pictured: () => {}, turn: () => 0 })
  const { session, stand, picture } = staged()
  const observation = { instruction: 'Do it.', elements: [], dropped: 0 }
  const seen = () => {
    const { screen: told, jpeg } = screen.sight(false)
    return [told.seed, told.status, jpeg]
  }
  screen.view(WHOLE_PAGE)
  stand(1000)
  screen.begin(programme, first, session, observation)
  await new Promise((resolve) => setImmediate(resolve))
  picture('first', 1010)
  screen.end(ENDINGS.success)
  picture('how it ended', 1050)
  stand(null)
  picture('nothing', 1060)
  stand(1100)
  picture('START, and late', 1090)
  // The page shows the second problem, whose attempt is not told yet.
  picture('second, not told', 1101)
  expect(seen()).toEqual([1, 'success', 'how it ended'])
  screen.begin(programme, second, session, observation)
  expect(seen()).toEqual([2, 'playing', null])
  await new Promise((resolve) => setImmediate(resolve))
  picture('not painted yet', 1104)
  expect(seen()).toEqual([2, 'playing', null])
  picture('second', 1106)
  expect(seen()).toEqual([2, 'playing', 'second'])
  stand(1200)
  screen.begin(programme, first, session, observation)
  expect(seen()).toEqual([1, 'playing', null])
  // A problem that is only opened ahead of its attempts is never shown.
  await new Promise((resolve) => setImmediate(resolve))
  stand(1300)
  picture('ahead', 1310)
  stand(1400)
  screen.begin(programme, second, session, observation)
  expect(seen()).toEqual([2, 'playing', null])
  screen.close()
})

test('an action counts as done with the next answer or the end', () => {
  const [task] = listTasks({})
  const programme = { stage: 'collect', round: 1, arm: '' }
  const problem = { task: task!, seed: 1, attempt: 0 }
  const screen = new Screen('job-1', 'job', programme, problem, {
    changed: () => {},
    pictured: () => {},
    turn: () => 0,
  })
  const observation = { instruction: 'Do it.', elements: [], dropped: 0 }
  const answer = (written: string) => {
    const action = { kind: 'press', key: 'Enter' } as const
    screen.answer({ observation, text: written, thought: '', written, action, tokens: () => [] })
  }
  screen.begin(programme, problem, staged().session, observation)
  answer('first')
  expect(screen.shown(false).done).toEqual([])
  answer('second')
  expect(screen.shown(false).done).toEqual(['first'])
  screen.end(ENDINGS.success)
  expect(screen.shown(false).done).toEqual(['first', 'second'])
})

test('viewers see a problem long enough to follow it, and then the one that is played', async () => {
  const [task] = listTasks({})
  const programme = { stage: 'collect', round: 1, arm: '' }
  const problem = (seed: number) => ({ task: task!, seed, attempt: 0 })
  const told: (string | null)[] = []
  const screen: Screen = new Screen('job-1', 'job', programme, problem(1), {
    changed: () => {},
    pictured: () => told.push(screen.sight(false).jpeg),
    turn: () => 100,
  })
  const { session, stand, picture } = staged()
  const observation = { instruction: 'Do it.', elements: [], dropped: 0 }
  const play = async (seed: number) => {
    stand(1000 * seed)
    screen.begin(programme, problem(seed), session, observation)
    await new Promise((resolve) => setImmediate(resolve))
    picture(`of ${seed}`, 1000 * seed + 10)
  }
  const seen = () => {
    const { screen: shown, jpeg } = screen.sight(false)
    return [shown.seed, shown.status, jpeg]
  }
  screen.view(WHOLE_PAGE)
  await play(1)
  screen.end(ENDINGS.success)
  // The next two come at once: they are played, and nobody is shown them.
  await play(2)
  screen.end(ENDINGS.success)
  await play(3)
  expect([screen.waits, seen()]).toEqual([true, [1, 'success', 'of 1']])
  expect(screen.shown(false).seed).toBe(3)
  await vi.waitFor(() => expect(screen.waits).toBe(false))
  expect(seen()).toEqual([3, 'playing', null])
  await new Promise((resolve) => setImmediate(resolve))
  picture('of 3, later', 3100)
  expect(seen()).toEqual([3, 'playing', 'of 3, later'])
  expect(told.filter((jpeg) => jpeg === 'of 2')).toEqual([])
  screen.close()
})

test('a page is shown as viewers look at it, and by itself once nobody does', () => {
  const [task] = listTasks({})
  const problem = { task: task!, seed: 1, attempt: 0 }
  const programme = { stage: 'collect', round: 1, arm: '' }
  const told = { changed: () => {}, pictured: () => {}, turn: () => 0 }
  const screen = new Screen('job-1', 'job', programme, problem, told)
  const { session, shown } = staged()
  screen.begin(programme, problem, session, { instruction: 'Do it.', elements: [], dropped: 0 })
  expect(shown()).toEqual([])
  const near = screen.view({ extent: 'task', density: 3 })
  expect(shown()).toEqual([{ width: 160, height: 210, density: 3 }])
  const whole = screen.view(WHOLE_PAGE)
  expect(shown()).toEqual([{ width: 500, height: 320, density: 3 }])
  near()
  expect(shown()).toEqual([{ width: 500, height: 320, density: 1 }])
  whole()
  expect(shown()).toEqual([])
})
