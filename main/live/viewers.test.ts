import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Viewers } from './viewers.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('somebody is present from the first to a while after the last', () => {
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

test('who comes back in time was never away', () => {
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
