import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Viewers } from './viewers.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('viewers are present from the first one’s arrival until a while after the last one’s leaving', () => {
  const changed = vi.fn()
  const viewers = new Viewers(1000, changed)
  expect(viewers.present).toBe(false)
  const [first, second] = [viewers.enter(), viewers.enter()]
  expect(changed).toHaveBeenCalledTimes(1)
  first()
  second()
  vi.advanceTimersByTime(999)
  expect(viewers.present).toBe(true)
  vi.advanceTimersByTime(1)
  expect(viewers.present).toBe(false)
  expect(changed).toHaveBeenCalledTimes(2)
})

test('a viewer who returns in time counts as present throughout', () => {
  const changed = vi.fn()
  const viewers = new Viewers(1000, changed)
  viewers.enter()()
  vi.advanceTimersByTime(500)
  const leave = viewers.enter()
  vi.advanceTimersByTime(5000)
  expect(viewers.present).toBe(true)
  leave()
  vi.advanceTimersByTime(1000)
  expect(viewers.present).toBe(false)
  expect(changed).toHaveBeenCalledTimes(2)
})
