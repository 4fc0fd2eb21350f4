import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { loadConfig } from '../main/config/config.ts'
import { projectPath } from '../main/files/paths.ts'
import { Store } from '../main/store/store.ts'
import { multiply } from './large-store.ts'
import { prepareLab } from './prepared-lab.ts'

test('a run is copied until there are as many runs, attempts, pairs and steps, and the store is sound', async () => {
  const path = projectPath(loadConfig(await prepareLab(mkdtempSync(join(tmpdir(), 'large-store-')))).paths.store)
  const last = multiply(path, 1, { runs: 5, episodes: 2000, pairs: 500, steps: 100, longRuns: 2 })
  const store = new Store(path)
  try {
    expect(store.runs.ids()).toEqual([5, 4, 3, 2, 1])
    expect(last).toBe(5)
    expect(store.episodes.list({}, { by: 'id', descending: true }, { offset: 0, limit: 1 }).total).toBeGreaterThan(1999)
    const pairs = store.pairs.of({ run: 5, round: 1 })
    expect(pairs.length).toBeGreaterThan(499)
    for (const { task, seed, chosenAttempt, rejectedAttempt } of pairs) {
      for (const attempt of [chosenAttempt, rejectedAttempt]) {
        const id = store.episodes.idOf({ run: 5, stage: 'collect', round: 1, arm: '' }, task, seed, attempt!)
        expect(store.episodes.get(id!)?.steps.length).toBe(2)
      }
    }
    const long = (run: number) => store.metrics.arms(run).map(({ arm, lastStep }) => [arm, lastStep])
    expect(long(5)).toEqual(
      expect.arrayContaining([
        ['dpo', 100],
        ['replay', 100],
        ['sft', 12],
      ]),
    )
    expect(long(4)).toEqual(
      expect.arrayContaining([
        ['dpo', 100],
        ['replay', 12],
      ]),
    )
    expect(long(3)).toEqual(expect.arrayContaining([['dpo', 12]]))
    // What the store derives from rows is as if it had written them itself.
    const { steps } = store.metrics.curve({ run: 5, stage: 'dpo', round: 1, arm: 'dpo' }, 'loss', {
      from: 1,
      to: 100,
      points: 2,
    })
    expect(steps).toEqual([1, 64])
  } finally {
    store.close()
  }
  const file = new DatabaseSync(path)
  expect([...file.prepare('PRAGMA foreign_key_check').all(), ...file.prepare('PRAGMA integrity_check').all()]).toEqual([
    { integrity_check: 'ok' },
  ])
  file.close()
})
