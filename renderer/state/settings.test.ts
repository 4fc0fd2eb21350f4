import { expect, test } from 'vitest'
import { keptSettings, type Settings } from './settings.ts'

const current: Settings = {
  language: 'en',
  scheme: 'auto',
  toured: false,
  notify: false,
  smoothing: 0.6,
  splits: { pairs: 42, episodes: 56 },
  runColumns: ['status'],
}

test('stored settings replace the defaults', () => {
  const kept = { language: 'zh-CN', toured: true, splits: { pairs: 30, episodes: 60 } }
  expect(keptSettings(kept, current)).toEqual({ ...current, ...kept })
})

test('unknown stored keys are left out', () => {
  expect(keptSettings({ scheme: 'dark', ofTomorrow: 1 }, current)).toEqual({ ...current, scheme: 'dark' })
})

test('invalid stored values are ignored', () => {
  for (const kept of [null, 'en', { language: 'fr' }, { smoothing: 2 }, { splits: { pairs: 30 } }]) {
    expect(keptSettings(kept, current)).toEqual(current)
  }
})
