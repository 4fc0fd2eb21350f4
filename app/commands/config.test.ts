import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Lab } from '../../main/lab.ts'
import { readConfig, withLab } from './config.ts'

const store = join(mkdtempSync(join(tmpdir(), 'config-')), 'lab.sqlite')
const options = { set: [`paths.store=${store}`] }

test('the lab is closed after the work, and where the work throws', async () => {
  let seen: Lab | undefined
  const work = (lab: Lab) => {
    seen = lab
    return lab.store.runs.list().length
  }
  expect(await withLab(options, work)).toBe(0)
  expect(() => seen?.store.runs.list()).toThrow(/finalized|not open/)
  const broken = withLab(options, (lab) => {
    seen = lab
    throw new Error('nobody reads the output')
  })
  await expect(broken).rejects.toThrow('nobody reads')
  expect(() => seen?.store.runs.list()).toThrow(/finalized|not open/)
})

test('the command line overrides the file', async () => {
  const config = await readConfig({
    set: ['training.dpo.beta=0.2', 'collect.attempts=3'],
    tasks: ['click-tab,click-button', 'login-user'],
    seed: 7,
    rounds: 2,
  })
  expect(config).toMatchObject({
    tasks: ['click-tab', 'click-button', 'login-user'],
    training: { dpo: { beta: 0.2 } },
    collect: { attempts: 3 },
    project: { seed: 7 },
    flywheel: { rounds: 2 },
    evaluation: { tasks: null },
  })
})
