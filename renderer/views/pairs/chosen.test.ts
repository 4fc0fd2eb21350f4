import { expect, test } from 'vitest'
import { placeOf } from './chosen.ts'

const list = (...ids: number[]) => [ids.length, (place: number) => ids[place]] as const

test('the chosen pair is found again when pairs before it leave the list or enter it', () => {
  expect(placeOf({ at: 3, id: 40 }, ...list(10, 20, 30, 40, 50))).toBe(3)
  expect(placeOf({ at: 3, id: 40 }, ...list(30, 40, 50))).toBe(1)
  expect(placeOf({ at: 1, id: 40 }, ...list(10, 20, 30, 40))).toBe(3)
})

test('when it leaves the list itself, the next pair takes its place', () => {
  expect(placeOf({ at: 1, id: 20 }, ...list(10, 30))).toBe(1)
  expect(placeOf({ at: 2, id: 30 }, ...list(10, 20))).toBe(1)
  expect(placeOf({ at: 0, id: 10 }, ...list())).toBe(0)
})

test('a place whose pair has not arrived stays, and so does no choice', () => {
  expect(placeOf({ at: 7, id: undefined }, 10, () => undefined)).toBe(7)
  expect(placeOf({ at: 7, id: 8 }, 10, () => undefined)).toBe(7)
  expect(placeOf({ at: -1, id: 8 }, ...list(1, 2))).toBe(-1)
})
