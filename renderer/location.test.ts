import { beforeAll, expect, it, vi } from 'vitest'
import type * as Location from './location.ts'

let location: typeof Location

beforeAll(async () => {
  vi.stubGlobal('window', { location: { hash: '' }, addEventListener: () => undefined })
  location = await import('./location.ts')
})

it('reads view and choices from any address', () => {
  expect(location.readPlace('#/pairs?run=3&state=dropped')).toEqual({
    view: 'pairs',
    query: { run: '3', state: 'dropped' },
  })
  expect(location.readPlace('')).toEqual({ view: 'pipeline', query: {} })
  expect(location.readPlace('#/../etc?x').view).toBe('pipeline')
})

it('reads back what it writes, and leaves out empty values', () => {
  const query = { run: 3, task: 'click-tab-2', reason: 'page hung: 100% & more', state: undefined, stage: '' }
  const place = location.readPlace(location.hrefOf('episodes', query))
  expect(place).toEqual({
    view: 'episodes',
    query: { run: '3', task: 'click-tab-2', reason: 'page hung: 100% & more' },
  })
})

it('goes nowhere once the reader has left', () => {
  window.location.hash = '#/tasks?edit=mine'
  const stays = location.goToFromHere()
  stays('tasks', { edit: 'other' })
  expect(window.location.hash).toBe('#/tasks?edit=other')
  const leaves = location.goToFromHere()
  window.location.hash = '#/live'
  leaves('tasks', { edit: 'mine' })
  expect(window.location.hash).toBe('#/live')
})
