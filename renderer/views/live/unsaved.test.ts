import { expect, test } from 'vitest'
import { thoughtsOf, unsavedOf } from './unsaved.ts'

const step = { id: 4, thought: 'Click ok.', action: 'click ok button 2' }
const recording = (ready: boolean, steps = [step]) => ({ ready, steps }) as Parameters<typeof unsavedOf>[0]['recording']

test('a solved recording can be saved in any state of the page', () => {
  expect(unsavedOf({ recording: recording(true), status: 'success' })).toBe('ready')
  expect(unsavedOf({ recording: recording(true), status: 'playing' })).toBe('ready')
})

test('the steps of an unfinished task would be lost', () => {
  expect(unsavedOf({ recording: recording(false), status: 'playing' })).toBe('open')
})

test('a recording that failed or has no steps holds nothing', () => {
  expect(unsavedOf({ recording: recording(false), status: 'failure' })).toBeNull()
  expect(unsavedOf({ recording: recording(false, []), status: 'playing' })).toBeNull()
  expect(unsavedOf({ recording: null, status: 'playing' })).toBeNull()
})

test('a rewritten thought replaces the step’s own, also where it is empty', () => {
  const steps = [step, { ...step, id: 5 }, { ...step, id: 6 }]
  expect(thoughtsOf({ steps }, { 5: 'Then ok.', 6: '' })).toEqual(['Click ok.', 'Then ok.', ''])
  expect(thoughtsOf(null, { 5: 'Then ok.' })).toEqual([])
})
