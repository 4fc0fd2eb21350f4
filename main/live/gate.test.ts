import { expect, test } from 'vitest'
import { Gate } from './gate.ts'

const never = new AbortController().signal

/** Whether a promise resolves within a moment. */
async function isKept(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), new Promise<boolean>((done) => setTimeout(done, 20, false))])
}

test('slow motion delays each action, and a new delay applies at once', async () => {
  const gate = new Gate(() => true, { delay: 60, paused: false })
  const began = performance.now()
  await gate.hold('a', never)
  expect(performance.now() - began).toBeGreaterThan(55)
  gate.set({ delay: 100_000 })
  const held = gate.hold('a', never)
  expect(await isKept(held)).toBe(false)
  gate.set({ delay: 0 })
  await held
})

test('a pause releases attempts one by one, all at once, or when it ends', async () => {
  const gate = new Gate(() => true, { delay: 0, paused: true })
  const [a, b, c] = ['a', 'b', 'c'].map((id) => gate.hold(id, never))
  gate.pass('a')
  expect(await Promise.all([a!, b!, c!].map(isKept))).toEqual([true, false, false])
  expect(gate.isHeld('a')).toBe(false)
  gate.pass()
  await Promise.all([b, c])
  const again = gate.hold('a', never)
  expect(await isKept(again)).toBe(false)
  gate.set({ paused: false })
  await again
})

test('a step that is requested while nothing waits has no effect later', async () => {
  const gate = new Gate(() => true, { delay: 0, paused: true })
  gate.pass('a')
  const held = gate.hold('a', never)
  expect(await isKept(held)).toBe(false)
  gate.pass()
  await held
})

test('attempts are delayed only while somebody watches', async () => {
  let watched = false
  const gate = new Gate(() => watched, { delay: 0, paused: true })
  expect(gate.closed).toBe(false)
  await gate.hold('a', never)
  watched = true
  const held = gate.hold('a', never)
  expect(await isKept(held)).toBe(false)
  watched = false
  gate.recheck()
  await held
})

test('a pause ends when nobody watches any more', async () => {
  let watched = true
  const gate = new Gate(() => watched, { delay: 0, paused: true })
  const held = gate.hold('a', never)
  watched = false
  gate.recheck()
  await held
  watched = true
  gate.recheck()
  expect(gate.control.paused).toBe(false)
  await gate.hold('a', never)
})

test('a cancelled attempt is not delayed', async () => {
  const gate = new Gate(() => true, { delay: 0, paused: true })
  const controller = new AbortController()
  const held = gate.hold('a', controller.signal)
  controller.abort(new Error('stopped'))
  await expect(held).rejects.toThrow('stopped')
  expect(gate.isHeld('a')).toBe(false)
})
