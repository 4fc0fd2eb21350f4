import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Store } from '../../main/store/store.ts'
import { testNative } from '../../testing/native.ts'
import { dpoDriver } from '../cli.ts'

/** Runs a command line. Returns its output and its exit code. */
async function cli(...args: string[]) {
  const written = { stdout: '', stderr: '' }
  const into = (key: keyof typeof written) => ({ write: (text: string) => (written[key] += text) })
  const status = await dpoDriver(args, { out: into('stdout'), err: into('stderr') })
  return { status, ...written }
}

/** A lab in a folder of its own, and a plan in it. */
function lab(plan: string, settings: Readonly<Record<string, unknown>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'study-'))
  const names = { sft_data: 'golden.jsonl', preference_data: 'pairs.jsonl', store: 'lab.sqlite', reports: 'reports' }
  const adapters = { sft_adapter_path: 'sft', dpo_adapter_path: 'dpo' }
  const paths = Object.entries({ ...names, ...adapters }).map(([key, name]) => [key, join(folder, name)])
  const config = { paths: Object.fromEntries(paths), tracking: { uri: null }, ...settings }
  writeFileSync(join(folder, 'config.yaml'), JSON.stringify(config))
  writeFileSync(join(folder, 'plan.yaml'), plan)
  return { folder, plan: join(folder, 'plan.yaml'), options: ['--config_path', join(folder, 'config.yaml')] }
}

const PLAN = `name: beta
config: config.yaml
seeds: [1, 2]
variants:
  beta 0.1: {}
  beta 0.5: {training.dpo.beta: 0.5}
`

/** So small that four trainings take seconds. */
const TINY = {
  tasks: ['click-checkboxes', 'enter-password'],
  golden: { held_out_per_task: 0 },
  collect: { seeds_per_task: 4, attempts: 4, temperature: 1 },
  training: { sft: { max_steps: 8, batch_size: 4 }, dpo: { max_steps: 2, batch_size: 4 } },
  evaluation: { num_episodes_per_task: 2, controls: false },
}

/** Milliseconds that four trainings may take on a machine that does much else. */
const BUSY = 300_000

test('a mistake in a plan is told with its line, and nothing is stored', async () => {
  const { folder, plan } = lab('name: beta\nconfig: config.yaml\nseedz: 3\n')
  const { status, stderr } = await cli('study', plan)
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: expect.stringMatching(/plan\.yaml:3: unknown key seedz, perhaps seeds\.\n$/),
  })
  expect(existsSync(join(folder, 'lab.sqlite'))).toBe(false)
})

test('a study that is not there cannot be resumed or shown', async () => {
  const { plan, options } = lab(PLAN)
  expect(await cli('study', plan, '--resume')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('There is no study beta to resume.'),
  })
  expect(await cli('studies', 'show', '4', ...options)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('There is no study 4'),
  })
  expect((await cli('studies', ...options)).stdout).toContain('There are no studies yet')
})

testNative(
  'a study of two seeds and two variants trains, shares, compares and reports',
  async () => {
    const { folder, plan, options } = lab(PLAN, TINY)
    const told = await cli('study', plan, '--json')
    expect({ status: told.status, stderr: told.stderr }).toEqual({ status: 0, stderr: '' })
    const events = told.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events[0]).toMatchObject({ event: 'forecast', members: 4, design: { seeds: 2, problems: 4 } })
    expect(events[0].bytes).toBeGreaterThan(0)
    expect(events.filter(({ event }) => event === 'member').map(({ place, of }) => [place, of])).toEqual([
      [1, 4],
      [2, 4],
      [3, 4],
      [4, 4],
    ])
    const shared = events.flatMap(({ id, values }) => (id === 'studyShared' ? [values.run] : []))
    expect(shared).toEqual([1, 3])
    const { summary, folder: reports } = events.at(-1)
    expect(summary).toMatchObject({ done: 4, planned: 4, seeds: [1, 2], problems: 4 })
    expect(summary.comparisons).toHaveLength(2 + 1)
    expect(readFileSync(join(reports, 'study.html'), 'utf8')).toContain('<h2>Differences</h2>')

    // A member that shares has the very policies of the first: the same answers, stored again.
    const store = new Store(join(folder, 'lab.sqlite'))
    try {
      const outcomes = (run: number, arm: string) =>
        store.episodes.outcomes({ run, stage: 'evaluate', round: 1, arm }).map(({ id: _, ...one }) => one)
      expect(outcomes(2, 'sft')).toEqual(outcomes(1, 'sft'))
      expect(outcomes(2, 'dpo')).toHaveLength(4)
      // The lab's own adapters and golden samples are not touched.
      for (const name of ['sft', 'dpo', 'golden.jsonl', 'pairs.jsonl'])
        expect(existsSync(join(folder, name))).toBe(false)
    } finally {
      store.close()
    }

    expect(await cli('study', plan)).toMatchObject({ status: 2, stderr: expect.stringContaining('Add --resume') })
    const again = await cli('study', plan, '--resume')
    expect(again).toMatchObject({ status: 0, stdout: expect.stringMatching(/by the times of run \d/) })
    expect(again.stdout).not.toContain('Training 1 of')
    // As a kill leaves it that comes between the last training and the report.
    writeFileSync(join(reports, 'study.html'), 'an older report')
    writeFileSync(join(folder, 'reports', 'beta-4-lock'), '')
    expect((await cli('studies', 'work', ...options)).status).toBe(0)
    expect(readFileSync(join(reports, 'study.html'), 'utf8')).toContain('<h2>Differences</h2>')
    expect(existsSync(join(folder, 'reports', 'beta-4-lock'))).toBe(false)
    expect((await cli('studies', ...options)).stdout).toMatch(/^ {3}1 {2}beta {2}open +4 of 4 done/)
    expect((await cli('studies', 'show', '1', ...options)).stdout).toMatch(
      /^ {3}1 {2}done +run 1 +seed 1 {2}beta 0\.1\n/,
    )
    expect((await cli('studies', 'report', '1', ...options)).stdout).toContain('DPO (beta 0.5)')
  },
  BUSY,
)

test('members are cancelled, put back and ordered by their numbers', async () => {
  const { folder, plan, options } = lab(PLAN, { tasks: ['no-such-task'] })
  const second = join(folder, 'second.yaml')
  writeFileSync(second, PLAN.replace('name: beta', 'name: gamma'))
  const failed = await cli('study', plan)
  expect(failed.status).toBe(1)
  expect(failed.stdout).toContain('no task no-such-task')
  await cli('studies', 'cancel', '1', '2', '3', ...options)
  await cli('studies', 'order', '1', '4', ...options)
  await cli('studies', 'pause', '1', ...options)
  const lines = (await cli('studies', 'show', '1', ...options)).stdout.trimEnd().split('\n')
  expect(lines.map((line) => line.trim().split(/ +/).slice(0, 2).join(' '))).toEqual([
    '4 failed',
    '1 failed',
    '2 cancelled',
    '3 cancelled',
  ])
  expect((await cli('studies', ...options)).stdout).toContain('paused')
  await cli('studies', 'restore', '1', '3', ...options)
  expect(await cli('studies', 'cancel', '1', '9', ...options)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('Study 1 has no member 9'),
  })
  const planned = await cli('studies', 'plan', '1', '--seeds', '2', '--vary', 'training.dpo.beta=0.3', ...options)
  expect(planned).toMatchObject({ status: 0, stderr: '' })
  expect(planned.stdout).toContain('  beta 0.3:\n    training.dpo.beta: 0.3\n')
  expect(await cli('studies', 'plan', '1', '--vary', 'training.dpo.bata=0.3', ...options)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('perhaps training.dpo.beta'),
  })
  await cli('study', second, '--estimate')
  expect((await cli('studies', 'first', '2', ...options)).stderr).toContain('There is no study 2')
  await cli('study', second)
  await cli('studies', 'first', '2', '1', ...options)
  const order = async () => (await cli('studies', ...options)).stdout.match(/^ +\d/gm)?.map(Number)
  expect(await order()).toEqual([2, 1])
  // Paused, the first study stays out.
  const worked = await cli('studies', 'work', ...options)
  expect(worked.status).toBe(1)
  expect(worked.stdout.match(/Training \d of \d of study \d/g)).toEqual(Array(4).fill('Training 1 of 4 of study 2'))
  await cli('studies', 'delete', '2', ...options)
  await cli('studies', 'delete', '1', ...options)
  expect((await cli('studies', ...options)).stdout).toContain('There are no studies yet')
  expect(existsSync(join(folder, 'lab.sqlite'))).toBe(true)
})
