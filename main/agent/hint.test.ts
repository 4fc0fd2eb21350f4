import { expect, test } from 'vitest'
import type { Observation, ObservedElement } from '../environment/observation.ts'
import { unnamedActions } from './hint.ts'

const element = (ref: number, role: string, name: string, more: Partial<ObservedElement> = {}): ObservedElement => ({
  ref,
  role,
  name,
  states: [],
  ...more,
})
const page = (instruction: string, ...elements: ObservedElement[]): Observation => ({
  instruction,
  elements,
  dropped: 0,
})

test('what shares no word with the instruction is barred, but for keys, fields and what has no words', () => {
  const observation = page(
    'Select Peru, then press "Sign-in" of the form',
    element(1, 'button', 'SIGN up'),
    element(2, 'button', 'the help'),
    element(3, 'button', '×'),
    element(4, 'textbox', 'password'),
    element(5, 'combobox', 'country', { options: ['Peru', 'Chile'] }),
  )
  const barred = unnamedActions(observation)
  expect(barred).toContain('click the help button 2')
  expect(barred).toContain('select country combobox 5 = Chile')
  for (const kept of ['SIGN', '×', 'fill', 'press', '= Peru']) {
    expect(barred.filter((action) => action.includes(kept))).toEqual([])
  }
})

test('nothing is barred where the instruction names nothing on the page', () => {
  expect(unnamedActions(page('Click on 确定', element(1, 'button', 'No'), element(2, 'button', 'Yes')))).toEqual([])
  expect(unnamedActions(page('Click on 确定', element(1, 'button', 'No'), element(2, 'button', '确定')))).toEqual([
    'click No button 1',
  ])
})
