import type { Page } from 'puppeteer-core'
import { expect, test } from 'vitest'
import { ENDINGS } from '../../testing/endings.ts'
import type { Session } from '../environment/session.ts'
import { listTasks } from '../environment/tasks.ts'
import { Screen } from './screen.ts'

/** A page with a screencast that the test controls, and a session on it. */
function staged() {
  let show = (_frame: { data: string; metadata: { timestamp: number }; sessionId: number }) => {}
  const cdp = {
    on: (_name: string, listener: typeof show) => {
      show = listener
    },
    send: async () => {},
    detach: async () => {},
  }
  const page = { isClosed: () => false, createCDPSession: async () => cdp } as unknown as Page
  const session = { page, since: null as number | null, painted: async () => (session.since ?? 0) + 5 }
  return {
    session: session as unknown as Session,
    stand: (since: number | null) => {
      session.since = since
    },
    picture: (data: string, taken: number) => show({ data, metadata: { timestamp: taken / 1000 }, sessionId: 1 }),
  }
}

test('a picture never stands under another problem', async () => {
  const [task] = listTasks({})
  const programme = { stage: 'collect', round: 1, arm: '' }
  const first = { task: task!, seed: 1, attempt: 0 }
  const second = { task: task!, seed: 2, attempt: 0 }
  const screen = new Screen('job-1', 'job', programme, first, { changed: () => {}, pictured: () => {} })
  const { session, stand, picture } = staged()
  const observation = { instruction: 'Do it.', elements: [], dropped: 0 }
  const seen = () => {
    const { screen: told, jpeg } = screen.sight(false)
    return [told.seed, told.status, jpeg]
  }
  screen.view()
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
  const screen = new Screen('job-1', 'job', programme, problem, { changed: () => {}, pictured: () => {} })
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
