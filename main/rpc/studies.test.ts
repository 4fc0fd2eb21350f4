/** The procedures of studies, on a store with a finished run and a study that is partly done. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { prepareLab } from '../../testing/prepared-lab.ts'
import { prepareStudy } from '../../testing/prepared-study.ts'
import { Merges } from '../adapters/merges.ts'
import type { RunOptions } from '../commands.ts'
import { Settings } from '../config/settings.ts'
import { Jobs } from '../jobs.ts'
import { createLab, type Lab } from '../lab.ts'
import { NO_FAILURE } from '../messages/error.ts'
import { labRouter } from './router.ts'
import type { Context } from './trpc.ts'

let file: string
let lab: Lab
let jobs: Jobs
let ask: ReturnType<typeof labRouter.createCaller>
/** What a run of the queue does. */
let play: (options: RunOptions) => Promise<void>

beforeEach(async () => {
  file = await prepareLab(mkdtempSync(join(tmpdir(), 'studies-')))
  prepareStudy(file, 'beta')
  const settings = new Settings(file)
  lab = createLab(settings.read())
  play = async () => {}
  jobs = new Jobs({
    async run(command, config, options) {
      const run = options.resume === null ? lab.store.runs.create('trial', command, config) : Number(options.resume)
      if (options.member != null) lab.store.studies.setRun(options.member, run)
      options.emit({ event: 'run', run, name: 'trial', command, resumed: options.resume !== null })
      await play(options)
      lab.store.runs.setStatus(run, 'done')
      options.emit({ event: 'end', run, status: 'done', seconds: 1, ...NO_FAILURE })
      return { run, folder: '' }
    },
  })
  ask = labRouter.createCaller({ lab, jobs, merges: new Merges(), settings, live: undefined as never })
})
afterEach(async () => {
  jobs.stop()
  await jobs.rest()
  lab.close()
})

test('the queue tells state, progress, and what is left of time and disk', async () => {
  const [study] = await ask.studies.list()
  expect(study).toMatchObject({ id: 1, name: 'beta', standing: 'waiting', done: 7, left: 2, failed: 1, cancelled: 1 })
  expect(study!.seconds).toBeGreaterThan(0)
  expect(study!.free).toBeGreaterThan(study!.bytes)
  await ask.studies.setState({ study: 1, state: 'paused' })
  await ask.studies.restore({ study: 1 })
  expect(await ask.studies.list()).toMatchObject([{ standing: 'paused', left: 3, cancelled: 0 }])
  await ask.studies.cancel({ study: 1 })
  expect(await ask.studies.list()).toMatchObject([{ standing: 'done', left: 0, cancelled: 3, bytes: 0, seconds: 0 }])
  await expect(ask.studies.get({ study: 9 })).rejects.toThrow(/no study 9/)
})

test('a study tells its plan, its members, its result and its curves', async () => {
  const study = await ask.studies.get({ study: 1 })
  expect(study).toMatchObject({
    seeds: [7, 8, 9, 10, 11],
    variants: [{ name: 'as run 1' }, { name: 'beta 0.3', settings: { 'training.dpo.beta': 0.3 } }],
    expected: { design: { seeds: 5, problems: 36, tasks: 3, comparisons: 1 } },
  })
  expect(study.members.map(({ state }) => state)).toEqual([...Array(7).fill('done'), 'failed', 'cancelled', 'waiting'])
  expect(study.members[0]).toMatchObject({ run: 2, seconds: 940 })
  expect(study.members[7]?.failure?.error).toContain('the disk is full')
  const result = await ask.studies.result({ study: 1 })
  expect(result).toMatchObject({ done: 7, planned: 9, problems: 36 })
  expect(result?.verdict.at(-1)).toMatchObject({ id: 'studyUnfinished' })
  const [loss] = await ask.studies.curves({ study: 1 })
  expect(loss?.bands.map(({ variant, steps }) => [variant, steps.length])).toEqual([
    ['as run 1', 40],
    ['beta 0.3', 40],
  ])
  const { low, mean, high } = loss!.bands[0]!
  expect(low[0]).toBeLessThan(mean[0]!)
  expect(high[0]).toBeGreaterThan(mean[0]!)
  expect(await ask.studies.markdown({ study: 1 })).toContain('# Study beta')
})

test('people order members and studies; a number that is not there is refused', async () => {
  await ask.studies.order({ study: 1, members: [10, 8] })
  expect((await ask.studies.get({ study: 1 })).members.slice(0, 3).map(({ member }) => member)).toEqual([10, 8, 1])
  await expect(ask.studies.order({ study: 1, members: [11] })).rejects.toThrow(/no member 11/)
  await expect(ask.studies.cancel({ study: 1, members: [11] })).rejects.toThrow(/no member 11/)
  const { study } = await ask.studies.create({ run: 1, seeds: 2, vary: [] })
  await ask.studies.arrange({ studies: [study] })
  expect((await ask.studies.list()).map(({ id }) => id)).toEqual([study, 1])
  await expect(ask.studies.arrange({ studies: [7] })).rejects.toThrow(/no study 7/)
})

test('a study from a run is told before it is made, under a name that is free', async () => {
  const wishes = { run: 1, seeds: 3, vary: [{ key: 'training.dpo.beta', values: '0.2, 0.4' }] }
  const preview = await ask.studies.preview(wishes)
  expect(preview).toMatchObject({ name: 'dpo-driver-1-study', members: 9, expected: { design: { seeds: 3 } } })
  expect(preview.variants).toEqual(['as run 1', 'beta 0.2', 'beta 0.4'])
  expect(preview.forecast.seconds).toBeLessThan(preview.forecast.alone!)
  const { study } = await ask.studies.create(wishes)
  expect((await ask.studies.get({ study })).members).toHaveLength(9)
  expect((await ask.studies.preview(wishes)).name).toBe('dpo-driver-1-study-2')
  await expect(ask.studies.create({ ...wishes, name: 'beta' })).rejects.toThrow(/study beta already/)
  const wrong = (key: string, values: string) => ask.studies.preview({ run: 1, seeds: 2, vary: [{ key, values }] })
  await expect(wrong('training.dpo.bata', '1')).rejects.toThrow(/perhaps training\.dpo\.beta/)
  await expect(wrong('training.dpo.beta', 'much')).rejects.toThrow(/training\.dpo\.beta/)
  await expect(ask.studies.preview({ run: 99, seeds: 2, vary: [] })).rejects.toThrow(/run 99/)
})

test('who only looks gets the forecast without a measurement', async () => {
  const { config } = lab.store.runs.get(1)
  const run = lab.store.runs.create('other', 'pipeline', { ...config, lora: { ...config.lora, r: 3 } })
  const reader = labRouter.createCaller({ lab, jobs, settings: new Settings(file), readOnly: true } as Context)
  const { forecast } = await reader.studies.preview({ run, seeds: 2, vary: [] })
  expect(forecast).toMatchObject({ seconds: null, source: null })
})

test('no name leads to another folder', async () => {
  for (const name of ['..', '.', 'a'.repeat(201)]) {
    await expect(ask.studies.create({ run: 1, seeds: 2, vary: [], name }), name).rejects.toThrow(/mustBeFolderName/)
  }
  expect(await ask.studies.list()).toHaveLength(1)
})

test('the lab works off the queue as its job, and pausing a study stops its training', async () => {
  play = ({ signal }) => new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason)))
  const { current } = await ask.studies.work()
  expect(current).toMatchObject({ command: 'pipeline', study: { id: 1, name: 'beta', place: 8, of: 9 } })
  await expect(ask.studies.work()).rejects.toThrow(/is running/)
  await ask.studies.setState({ study: 1, state: 'paused' })
  await jobs.rest()
  expect(jobs.state.status).toBe('idle')
  await expect(ask.studies.work()).rejects.toThrow(/No open study/)
  await ask.studies.delete({ study: 1 })
  expect(await ask.studies.list()).toEqual([])
})
