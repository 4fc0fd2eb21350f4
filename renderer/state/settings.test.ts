import { expect, test } from 'vitest'
import { keptSettings, type Settings } from './settings.ts'

const current: Settings = {
  language: 'en',
  scheme: 'auto',
  toured: false,
  smoothing: 0.6,
  splits: { pairs: 42, episodes: 56 },
}

test('what a browser has kept takes the place of the defaults', () => {
  const kept = { language: 'zh-CN', toured: true, splits: { pairs: 30, episodes: 60 } }
  expect(keptSettings(kept, current)).toEqual({ ...current, ...kept })
})

test('what it has kept beside them is left out', () => {
  expect(keptSettings({ scheme: 'dark', ofTomorrow: 1 }, current)).toEqual({ ...current, scheme: 'dark' })
})

test('values that cannot be are not trusted', () => {
  for (const kept of [null, 'en', { language: 'fr' }, { smoothing: 2 }, { splits: { pairs: 30 } }]) {
    expect(keptSettings(kept, current)).toEqual(current)
  }
})
