import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

function harness() {
  const frames: (() => void)[] = []
  const done: string[] = []
  const turns = new Turns((work) => frames.push(work))
  /** Work that takes longer than a frame allows. */
  const slow = (name: string) => () => {
    const end = performance.now() + 10
    while (performance.now() < end);
    done.push(name)
  }
  return { turns, done, slow, frame: () => frames.shift()?.(), waits: () => frames.length }
}

test('slow work takes a frame each, and quick work shares one', () => {
  const { turns, done, slow, frame, waits } = harness()
  turns.ask({}, slow('a'))
  turns.ask({}, slow('b'))
  for (const name of ['c', 'd']) turns.ask({}, () => done.push(name))
  expect(waits()).toBe(1)
  frame()
  expect(done).toEqual(['a'])
  frame()
  expect(done).toEqual(['a', 'b'])
  frame()
  expect(done).toEqual(['a', 'b', 'c', 'd'])
  expect(waits()).toBe(0)
})

test('urgent work comes first, also where it was queued as not urgent before', () => {
  const { turns, done, slow, frame } = harness()
  const [one, other] = [{}, {}]
  turns.ask(one, slow('later'), false)
  turns.ask(other, slow('asked'), false)
  turns.ask({}, slow('urgent'))
  turns.ask(other, slow('turned urgent'), true)
  for (let at = 0; at < 4; at++) frame()
  expect(done).toEqual(['urgent', 'turned urgent', 'later'])
})

test('an owner who asks again waits once, with the latest work, and one who leaves is forgotten', () => {
  const { turns, done, frame, waits } = harness()
  const [one, other] = [{}, {}]
  turns.ask(one, () => done.push('old'))
  turns.ask(other, () => done.push('other'))
  turns.ask(one, () => done.push('new'))
  turns.leave(other)
  frame()
  expect(done).toEqual(['new'])
  expect(waits()).toBe(0)
})
