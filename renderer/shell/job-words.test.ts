import i18next from 'i18next'
import { expect, test } from 'vitest'
import { words } from '../i18n/en.ts'
import { quarterOf, stageName } from './job-words.ts'

const t = await i18next.createInstance().init({ lng: 'en', resources: { en: { translation: words } } })

test('a stage has its name, with its round where it has one', () => {
  expect(stageName(t, { name: 'verify', title: '', round: 0 })).toBe('Verify')
  expect(stageName(t, { name: 'collect', title: '', round: 2 })).toBe('Collect, round 2')
})

test('a stage is announced at its quarters', () => {
  const quarters = [0, 24, 25, 99, 100].map((done) => quarterOf({ done, total: 100 }))
  expect(quarters).toEqual([0, 0, 25, 75, 100])
  expect(quarterOf(null)).toBe(0)
  expect(quarterOf({ done: 0, total: 0 })).toBe(0)
})
