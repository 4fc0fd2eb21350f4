import { expect, test } from 'vitest'
import { TASK_AREA, VIEWPORT } from '../../../main/environment/emulation.ts'
import { fitOne, fitWall, GAP, lookFor, PARTS } from './fit.ts'

/** What is left beside the navigation and under the controls of windows of 1440 by 900, 2560 by 1440 and 1024 by 768. */
const USUAL = { width: 1190, height: 690 }
const LARGE = { width: 2310, height: 1230 }
const SMALL = { width: 780, height: 558 }

test('few pages share the width of the window, and no picture is higher than it', () => {
  expect(fitWall(4, USUAL, 'task')).toEqual({ columns: 4, picture: 288, beside: false })
  const { picture, beside } = fitWall(1, USUAL, 'task')
  expect(beside).toBe(true)
  expect(picture).toBe(Math.floor((690 * 160) / 210))
})

test('many pages are seen at once, larger in a larger window', () => {
  for (const room of [USUAL, LARGE]) {
    const { columns, picture } = fitWall(8, room, 'task')
    const rows = Math.ceil(8 / columns)
    expect(rows * ((picture * 210) / 160) + GAP * (rows - 1)).toBeLessThanOrEqual(room.height)
  }
  expect(fitWall(8, LARGE, 'task').picture).toBeGreaterThan(2 * fitWall(8, USUAL, 'task').picture)
})

test('where the window is too small for all, pictures stay legible and the wall scrolls', () => {
  expect(fitWall(8, SMALL, 'task')).toEqual({ columns: 2, picture: 208, beside: true })
  expect(fitWall(64, SMALL, 'task').picture).toBeGreaterThanOrEqual(PARTS.task.width)
  expect(fitWall(8, { width: 290, height: 60 }, 'task')).toEqual({ columns: 1, picture: 290, beside: false })
})

test('whole pages are laid out by their own shape', () => {
  const { columns, picture } = fitWall(4, USUAL, 'page')
  expect([columns, picture >= 300]).toEqual([2, true])
})

test('one page in detail leaves room for its words', () => {
  expect(fitOne(USUAL, 'task')).toBe(525)
  expect(fitOne({ width: 900, height: 690 }, 'task')).toBe(495)
})

test('pictures are as dense as the screen can show, up to three times of one page and twice of several', () => {
  const densities = (count: number) =>
    [160, 168, 290, 336, 900].map((width) => lookFor(count, 'task', width, 1).density)
  expect(densities(1)).toEqual([1, 1, 2, 2, 3])
  expect(densities(4)).toEqual([1, 1, 2, 2, 2])
  expect(lookFor(1, 'task', 160, 2)).toEqual({ extent: 'task', density: 2 })
  expect(lookFor(1, 'page', 600, 2)).toEqual({ extent: 'page', density: 2 })
})

test('the parts of a page are as large as the browser makes them', () => {
  expect(PARTS).toEqual({ task: TASK_AREA, page: VIEWPORT })
})
