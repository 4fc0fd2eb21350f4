import { expect, test } from 'vitest'
import type { Observation } from '../environment/observation.ts'
import type { HeardAction } from '../environment/observe.ts'
import { heardInScript, type ScriptStep, withoutFocusing } from './script.ts'

const PAGE: Observation = {
  instruction: 'Do it.',
  elements: [
    { ref: 1, role: 'date', name: 'day', states: [] },
    { ref: 2, role: 'button', name: 'Submit', states: [] },
  ],
  dropped: 0,
}

function scriptOf(...heard: Exclude<HeardAction, { kind: 'ask' }>[]): string[] {
  const script = heard.reduce((all: ScriptStep[], one, id) => heardInScript(all, one, PAGE, id), [])
  return withoutFocusing(script).map(({ written }) => written)
}

test('typing into a field is one fill, also when a tab leads from one part of it to the next', () => {
  const fill = (text: string) => ({ kind: 'fill', ref: 1, text }) as const
  const click = { kind: 'click', ref: 1, field: true } as const
  const tab = { kind: 'press', key: 'Tab' } as const
  const submit = { kind: 'click', ref: 2, field: false } as const
  const parts = [click, fill('0002-01-05'), tab, fill('0020-01-05'), fill('2015-01-05')]
  expect(scriptOf(...parts, submit)).toEqual(['fill day date 1 = 2015-01-05', 'click Submit button 2'])
  expect(scriptOf(fill('2015-01-05'), submit, fill('2015-01-06'))).toHaveLength(3)
})
