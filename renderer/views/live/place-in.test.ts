import { expect, test } from 'vitest'
import { placeIn } from './place-in.ts'

const area = { left: 100, top: 50, width: 320, height: 420 }
const page = { width: 160, height: 210 }

test('corners map to corners at any scale', () => {
  expect(placeIn(area, page, { clientX: 100, clientY: 50 })).toEqual({ x: 0, y: 0 })
  expect(placeIn(area, page, { clientX: 420, clientY: 470 })).toEqual({ x: 160, y: 210 })
})

test('points between them map to whole pixels', () => {
  expect(placeIn(area, page, { clientX: 201, clientY: 151 })).toEqual({ x: 51, y: 51 })
})
