import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { parseConfig } from '../config/config.ts'
import { knownShape } from '../engine/architecture.ts'
import { Store } from '../store/store.ts'
import { forecastStudy } from './forecast.ts'

vi.mock('../engine/architecture.ts', { spy: true })

test('a forecast reads each model once, however many members have it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'forecast-'))
  const store = new Store(join(folder, 'lab.sqlite'))
  const members = (name: string, count: number) => {
    const config = parseConfig('', 'f', { 'model.base_model_name': name, 'paths.store': join(folder, 'lab.sqlite') })
    return Array.from({ length: count }, () => ({ config }))
  }
  const one = await forecastStudy(store, members('models/base', 1), { measure: false })
  vi.mocked(knownShape).mockClear()
  const all = [...members('models/base', 200), ...members('Nobody/Unknown', 100)]
  const forecast = await forecastStudy(store, all, { measure: false })
  expect(forecast.bytes).toBeGreaterThan(200 * one.bytes)
  expect(knownShape).toHaveBeenCalledTimes(2)
  store.close()
})
