import { expect, test } from 'vitest'
import { message } from '../messages/message.ts'
import type { Ending, PlayedAttempt } from '../store/episode.ts'
import { unsolvedTasks } from './unsolved.ts'

const SOLVED: Ending = { outcome: 'success', reward: 1 }
const WRONG: Ending = { outcome: 'failure', reason: 'wrong', reward: 0 }
const CUT: Ending = { outcome: 'failure', reason: 'length', reward: 0 }
const BROKEN: Ending = { outcome: 'fault', fault: message('verbatim', { text: 'x' }), reward: 0 }

function problem(task: string, seed: number, ...endings: readonly Ending[]): PlayedAttempt[] {
  return endings.map((ending, attempt) => ({ task, seed, attempt, instruction: '', duration: 1, ...ending }))
}

test('the task with the largest share of problems never solved comes first, with the first of them', () => {
  const attempts = [
    ...problem('click-tab', 7, WRONG, WRONG),
    ...problem('click-tab', 8, WRONG, SOLVED),
    ...problem('login-user', 7, SOLVED, SOLVED),
    ...problem('login-user', 9, WRONG, WRONG),
    ...problem('login-user', 8, WRONG, BROKEN),
    ...problem('use-slider', 7, SOLVED),
  ]
  expect(unsolvedTasks(attempts)).toEqual([
    { task: 'login-user', seed: 8, unsolved: 2, problems: 3, share: 2 / 6 },
    { task: 'click-tab', seed: 7, unsolved: 1, problems: 2, share: 1 / 6 },
  ])
})

test('a problem that only the browser or the token limit failed asks for no sample', () => {
  const attempts = [
    ...problem('click-tab', 7, BROKEN, BROKEN),
    ...problem('copy-paste', 7, CUT, CUT, WRONG),
    ...problem('use-slider', 7, SOLVED),
  ]
  expect(unsolvedTasks(attempts)).toEqual([])
  expect(unsolvedTasks(problem('copy-paste', 7, CUT, WRONG))).toHaveLength(1)
  expect(unsolvedTasks([])).toEqual([])
})
