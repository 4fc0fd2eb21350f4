import { expect, test } from 'vitest'
import type { Action } from '../environment/action.ts'
import type { Observation } from '../environment/observation.ts'
import type { StepResult } from '../environment/session.ts'
import type { Task } from '../environment/tasks.ts'
import { Openings, Seen } from './transitions.ts'

const page = (name: string): Observation => ({
  instruction: 'go on',
  elements: [{ ref: 1, role: 'button', name, states: [] }],
  dropped: 0,
})
const to = (name: string): StepResult => ({ observation: page(name), done: false, ending: null })
const over: StepResult = { observation: page(''), done: true, ending: { outcome: 'success', reward: 1 } }
const click = (ref: number): Action => ({ kind: 'click', ref })

test('the first who asks does the action, the others get what came of it', async () => {
  const start = new Seen(page('start'))
  expect(start.take(click(1))).toBeUndefined()
  const waiting = start.take(click(1))
  expect(start.knows(click(1))).toBe(false)
  const next = start.done(click(1), to('second'))
  expect(next).toBeInstanceOf(Seen)
  expect(await waiting).toBe(next)
  expect(await start.take(click(1))).toBe(next)
  expect(start.knows(click(1))).toBe(true)
  expect(start.take(click(2))).toBeUndefined()
  expect(start.take({ kind: 'fill', ref: 1, text: '' })).toBeUndefined()
})

test('an action that was left is for whoever waits; one that was done cannot be left', async () => {
  const start = new Seen(page('start'))
  start.take(click(1))
  const waiting = start.take(click(1))
  start.leave(click(1))
  expect(await waiting).toBeNull()
  expect(start.take(click(1))).toBeUndefined()
  const ending = start.done(click(1), over)
  expect(ending).toEqual({ outcome: 'success', reward: 1 })
  start.leave(click(1))
  expect(await start.take(click(1))).toBe(ending)
})

test('an action that leads elsewhere the second time leads nowhere that is known', () => {
  const start = new Seen(page('start'))
  const next = start.done(click(1), to('second'))
  expect(start.done(click(1), to('second'))).toBe(next)
  expect(start.done(click(1), to('third'))).toBeNull()
  expect(start.done(click(1), over)).toBeNull()
  const end = start.done(click(2), over)
  expect(start.done(click(2), { ...over })).toBe(end)
  expect(start.done(click(2), to('second'))).toBeNull()
})

test('first pages are kept by page and seed, as long as there is room', () => {
  const openings = new Openings()
  const task = (url: string) => ({ url }) as Task
  const first = new Seen(page('first'))
  openings.keep(task('a'), 1, first)
  expect(openings.get(task('a'), 1)).toBe(first)
  expect(openings.get(task('a'), 2)).toBeUndefined()
  expect(openings.get(task('b'), 1)).toBeUndefined()
  const large = { ...page('large'), elements: Array(150_000).fill(page('large').elements[0]) }
  openings.keep(task('large'), 1, new Seen(large))
  openings.keep(task('large'), 2, new Seen(large))
  expect([openings.get(task('large'), 1) === undefined, openings.get(task('large'), 2)]).toEqual([false, undefined])
})
