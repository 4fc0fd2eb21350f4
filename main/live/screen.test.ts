import type { Page } from 'puppeteer-core'
import { expect, test } from 'vitest'
import { ENDINGS } from '../../testing/endings.ts'
import type { Session } from '../environment/session.ts'
import { listTasks } from '../environment/tasks.ts'
import { Screen } from './screen.ts'
import type { Frame } from './state.ts'

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
  const session = { page, since: null as number | null }
  return {
    session: session as unknown as Session,
    stand: (since: number | null) => {
      session.since = since
    },
    picture: (data: string, taken: number) => show({ data, metadata: { timestamp: taken / 1000 }, sessionId: 1 }),
  }
}

test('the last picture of an attempt stays until the next problem is shown', async () => {
  const frames: Frame[] = []
  const [task] = listTasks({})
  const programme = { stage: 'collect', round: 1, arm: '' }
  const problem = { task: task!, seed: 1, attempt: 0 }
  const screen = new Screen('job-1', 'job', programme, problem, {
    changed: () => {},
    framed: (frame) => frames.push(frame),
  })
  const { session, stand, picture } = staged()
  const seen = () => frames.map(({ jpeg }) => jpeg)
  screen.view()
  stand(1000)
  screen.begin(programme, problem, session, { instruction: 'Do it.', elements: [], dropped: 0 })
  await new Promise((resolve) => setImmediate(resolve))
  picture('first', 1010)
  screen.end(ENDINGS.success)
  picture('how it ended', 1050)
  stand(null)
  picture('nothing', 1060)
  stand(1100)
  picture('START, and late', 1090)
  expect(seen()).toEqual(['first', 'how it ended'])
  expect(screen.frame?.jpeg).toBe('how it ended')
  picture('second', 1101)
  expect(seen()).toEqual(['first', 'how it ended', 'second'])
  screen.close()
})

test('an action counts as done with the next answer or the end', () => {
  const [task] = listTasks({})
  const programme = { stage: 'collect', round: 1, arm: '' }
  const problem = { task: task!, seed: 1, attempt: 0 }
  const screen = new Screen('job-1', 'job', programme, problem, { changed: () => {}, framed: () => {} })
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
