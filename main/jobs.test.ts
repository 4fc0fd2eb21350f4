import { expect, test } from 'vitest'
import type { RunOptions } from './commands.ts'
import { configSchema } from './config/schema.ts'
import { Jobs } from './jobs.ts'
import type { Lab } from './lab.ts'
import { NO_FAILURE, UserError } from './messages/error.ts'
import { message } from './messages/message.ts'

const config = configSchema.parse({})

/** A lab whose runs do what the test tells them to. */
function scripted(work: (options: RunOptions) => Promise<void>) {
  let runs = 0
  const lab: Pick<Lab, 'run'> = {
    async run(command, _config, options) {
      const run = options.resume === null || options.resume === 'latest' ? ++runs : options.resume
      options.emit({ event: 'run', run, name: 'trial', command, resumed: options.resume !== null })
      await work(options)
      options.emit({ event: 'end', run, status: 'done', seconds: 1, ...NO_FAILURE })
      return { run, folder: '' }
    },
  }
  return new Jobs(lab)
}

/** A run that lasts until it is stopped. */
async function untilStopped({ emit, signal }: RunOptions): Promise<void> {
  emit({ event: 'stage', stage: 'sft', title: 'learns', round: 0, status: 'running', seconds: 0, result: null })
  const counted = message('unitTasks')
  emit({ event: 'progress', stage: 'sft', round: 0, done: 3, total: 9, unit: 'tasks', counted, rate: 1, eta: 6 })
  await new Promise((stopped) => signal.addEventListener('abort', stopped))
  emit({ event: 'end', run: 1, status: 'stopped', seconds: 1, ...NO_FAILURE })
  throw signal.reason
}

test('a job reports its progress and its end', async () => {
  const jobs = scripted(async () => {})
  let told = 0
  jobs.subscribe(() => told++)
  expect(jobs.state).toEqual({ status: 'idle', current: null, last: null })
  await jobs.start({ command: 'sft', config, resume: null })
  await jobs.rest()
  expect(jobs.state).toMatchObject({
    status: 'idle',
    current: null,
    last: { command: 'sft', run: 1, status: 'done', ...NO_FAILURE },
  })
  expect(told).toBeGreaterThanOrEqual(3)
})

test('a second job is refused until the first has ended, which stops on request', async () => {
  const jobs = scripted(untilStopped)
  const state = await jobs.start({ command: 'sft', config, resume: null })
  expect(state).toMatchObject({ status: 'running', current: { run: 1, command: 'sft' } })
  expect(jobs.state.current).toMatchObject({ stage: { name: 'sft' }, progress: { done: 3, total: 9, eta: 6 } })
  await expect(jobs.start({ command: 'dpo', config, resume: null })).rejects.toThrow(/Run 1 \(sft\) is running/)
  expect(jobs.stop().status).toBe('stopping')
  expect(jobs.stop().status).toBe('stopping')
  await jobs.rest()
  expect(jobs.state).toMatchObject({ status: 'idle', last: { status: 'stopped', ...NO_FAILURE } })
})

test('closing stops the job, and no other begins', async () => {
  const jobs = scripted(untilStopped)
  await jobs.start({ command: 'sft', config, resume: null })
  await jobs.close()
  expect(jobs.state).toMatchObject({ status: 'idle', last: { status: 'stopped' } })
  await expect(jobs.start({ command: 'dpo', config, resume: null })).rejects.toThrow('The lab is ending.')
})

test('stopping at once closes the run’s browser and engine', async () => {
  const jobs = scripted(
    ({ quit }) =>
      new Promise((_, fail) => quit?.addEventListener('abort', () => fail(new Error('the engine is closed')))),
  )
  await jobs.start({ command: 'collect', config, resume: null })
  jobs.stop()
  expect(jobs.state.status).toBe('stopping')
  jobs.stopNow()
  await jobs.rest()
  expect(jobs.state.status).toBe('idle')
})

test('a job that cannot begin reports why and leaves the lab free', async () => {
  const jobs = new Jobs({
    async run() {
      throw new UserError('verbatim', { text: 'another command is at work' })
    },
  })
  await expect(jobs.start({ command: 'sft', config, resume: 7 })).rejects.toThrow(/another command is at work/)
  expect(jobs.state).toEqual({ status: 'idle', current: null, last: null })
})

test('a run that breaks before its first stage is reported as failed', async () => {
  const jobs = new Jobs({
    async run(command, _config, { emit }) {
      emit({ event: 'run', run: 4, name: 'trial', command, resumed: false })
      throw new UserError('verbatim', { text: 'the model is gone' })
    },
  })
  await jobs.start({ command: 'sft', config, resume: null })
  await jobs.rest()
  expect(jobs.state).toMatchObject({
    status: 'idle',
    last: { run: 4, status: 'failed', error: 'the model is gone', messages: [{ id: 'verbatim' }] },
  })
})

test('a job of several runs tells which study it is at, and fails where a later run cannot begin', async () => {
  let runs = 0
  const jobs = new Jobs({
    async run(command, _config, { emit }) {
      if (runs === 2) throw new UserError('verbatim', { text: 'the store is held' })
      const run = ++runs
      emit({ event: 'run', run, name: 'trial', command, resumed: false })
      emit({ event: 'end', run, status: 'done', seconds: 1, ...NO_FAILURE })
      return { run, folder: '' }
    },
  })
  const places: unknown[] = []
  jobs.subscribe(({ current }) => places.push(current?.study?.place))
  await jobs.perform(async (play, signal) => {
    for (const place of [1, 2, 3]) {
      const member = { study: 4, member: place, name: 'beta', place, of: 3 }
      await play({ command: 'pipeline', config, resume: null, member }, signal)
    }
  })
  await jobs.rest()
  expect([...new Set(places)]).toEqual([1, 2, undefined])
  expect(jobs.state).toMatchObject({ status: 'idle', last: { run: 2, status: 'failed', error: 'the store is held' } })
})

test('of two jobs that are started at once the second is refused, and the first can still be stopped', async () => {
  const jobs = scripted(untilStopped)
  const request = { command: 'sft', config, resume: null } as const
  const [first, second] = await Promise.allSettled([jobs.start(request), jobs.start(request)])
  expect([first.status, second.status]).toEqual(['fulfilled', 'rejected'])
  jobs.stop()
  await jobs.rest()
  expect(jobs.state).toMatchObject({ status: 'idle', last: { run: 1, status: 'stopped' } })
})

test('a job with nothing to do ends at once', async () => {
  const jobs = scripted(async () => {})
  expect(await jobs.perform(async () => {})).toMatchObject({ status: 'idle', current: null })
})
