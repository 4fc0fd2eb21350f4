import { expect, test } from 'vitest'
import type { ObservedElement } from '../observation.ts'
import { find, looking, Stuck } from './expert.ts'

const page: ObservedElement[] = [
  { ref: 1, role: 'button', name: 'Ok', states: [] },
  { ref: 2, role: 'checkbox', name: '', states: [] },
]

test('an expert that finds nothing names what is on the page, and shows no source code', () => {
  expect(find(page, looking('button', 'ok'))).toBe(page[0])
  const seek = () => find(page, looking('link', 'Cancel'))
  expect(seek).toThrow(Stuck)
  expect(seek).toThrow(/^no element is the wanted one: Ok button 1, checkbox 2$/)
  expect(() => find([], ({ name }) => name === 'x')).toThrow(/^no element is the wanted one: the page is empty$/)
})
