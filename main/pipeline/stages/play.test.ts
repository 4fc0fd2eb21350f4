import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ENDINGS } from '../../../testing/endings.ts'
import type { AgentModel } from '../../agent/model.ts'
import { configSchema } from '../../config/schema.ts'
import type { Observation } from '../../environment/observation.ts'
import type { StepResult } from '../../environment/session.ts'
import type { Task } from '../../environment/tasks.ts'
import { UserError } from '../../messages/error.ts'
import { message, type Say } from '../../messages/message.ts'
import { english } from '../../messages/say.ts'
import type { ArmKey } from '../../store/keys.ts'
import { Store } from '../../store/store.ts'
import type { StageContext } from '../stage.ts'
import { jobsOf, play } from './play.ts'

const TASK = { name: 'press-enter', horizon: 1 } as Task
const PAGE: Observation = { instruction: 'press Enter', elements: [], dropped: 0 }
const WON: StepResult = { observation: PAGE, done: true, ending: ENDINGS.success }

let store: Store
let key: ArmKey
/** The calls of the model, and the seeds that were played to their end. */
let calls: string[]
let played: number[]
let said: string[]

beforeEach(() => {
  store = new Store(join(mkdtempSync(join(tmpdir(), 'play-')), 'lab.sqlite'))
  key = { run: store.runs.create('trial', 'collect', configSchema.parse({})), stage: 'collect', round: 1, arm: '' }
  calls = []
  played = []
  said = []
})
afterEach(() => store.close())

/** A stage whose model always presses Enter, on pages that always ask for that. */
function context(signal: AbortSignal): StageContext {
  const answer = 'Thought: t\nAction: press Enter'
  const model = {
    loadAdapter: async (folder: string, name: string) => calls.push(`load ${folder} as ${name}`),
    engine: { removeAdapter: async (name: string) => calls.push(`remove ${name}`) },
    promptTokens: () => Int32Array.of(1),
    completionText: () => answer,
    generate: async (prompts: readonly unknown[]) =>
      prompts.map(() => ({ tokens: Int32Array.of(2), logprobs: Float32Array.of(-1), stopped: true })),
  }
  const session = () => {
    let seed = 0
    return {
      async reset(_task: Task, of: number) {
        seed = of
        return PAGE
      },
      async step() {
        played.push(seed)
        return WON
      },
    }
  }
  const environment = {
    pages: 1,
    use: (_task: Task, work: (lent: ReturnType<typeof session>) => unknown) => work(session()),
  }
  const resources = { model: async () => model as unknown as AgentModel, environment: () => environment }
  const say: Say = (id, ...given) => void said.push(english(message(id, ...given)))
  return { store, signal, config: configSchema.parse({}), resources, say } as unknown as StageContext
}

const sampling = { temperature: 1, top_p: 1, max_new_tokens: 9, seed: 1, constrained: false }

test('stored episodes are not played again, and the others are stored as they end', async () => {
  const abort = new AbortController()
  const jobs = jobsOf([TASK], 5, 6)
  const stop = (done: number) => {
    if (done === 2) abort.abort()
  }
  const first = play(context(abort.signal), { key, adapter: 'sft', jobs, sampling, onEpisode: stop })
  await expect(first).rejects.toThrow(/abort/i)
  const kept = store.episodes.of(key).length
  expect(kept).toBeGreaterThanOrEqual(2)
  expect(kept).toBeLessThan(6)
  expect(calls).toEqual(['load sft as playing', 'remove playing'])

  const progress: number[] = []
  const episodes = await play(context(new AbortController().signal), {
    key,
    adapter: 'sft',
    jobs,
    sampling,
    onEpisode: (done) => progress.push(done),
  })
  expect(episodes.map(({ seed, outcome }) => [seed, outcome])).toEqual(
    [5, 6, 7, 8, 9, 10].map((seed) => [seed, 'success']),
  )
  expect(played.toSorted((a, b) => a - b)).toEqual([5, 6, 7, 8, 9, 10])
  expect(progress).toEqual(Array.from({ length: 7 - kept }, (_, at) => kept + at))
})

test('a fault of an earlier try is played again, and replaced', async () => {
  const jobs = jobsOf([TASK], 5, 3)
  const fault = { task: TASK.name, seed: 6, attempt: 0, instruction: '', steps: [], duration: 1, ...ENDINGS.fault }
  store.episodes.add(key, fault)
  const options = { key, adapter: 'sft', jobs, sampling, onEpisode() {} }
  const episodes = await play(context(new AbortController().signal), options)
  expect(episodes.map(({ seed, outcome }) => [seed, outcome])).toEqual([
    [5, 'success'],
    [6, 'success'],
    [7, 'success'],
  ])
  expect(store.episodes.add(key, fault)).toBe(false)
})

test('faults that remain are told with their number and reason', async () => {
  const broken = { task: TASK.name, attempt: 0, instruction: '', steps: [], duration: 1, ...ENDINGS.fault }
  const options = { key, adapter: 'sft', jobs: jobsOf([TASK], 5, 3), sampling, onEpisode() {} }
  await play(context(new AbortController().signal), options)
  expect(said).toEqual([])
  store.episodes.add(key, { ...broken, seed: 99 })
  await play(context(new AbortController().signal), options)
  expect(said).toEqual([expect.stringMatching(/^The environment broke 1 of 4 episodes: .*does not play it again/)])
})

test('where the environment breaks every episode, that is told with its reason', async () => {
  const broken = { task: TASK.name, attempt: 0, instruction: '', steps: [], duration: 1, ...ENDINGS.fault }
  const jobs = jobsOf([TASK], 5, 2)
  const options = { key, adapter: 'sft', jobs: [], sampling, onEpisode() {} }
  for (const { seed } of jobs) store.episodes.add(key, { ...broken, seed })
  const told = play(context(new AbortController().signal), options)
  await expect(told).rejects.toThrow(UserError)
  await expect(told).rejects.toThrow(/broke all 2 episodes, most of them because: .*then resume the run/)
})

test('where all episodes are stored, the model is not loaded', async () => {
  const jobs = jobsOf([TASK], 0, 2, 2)
  expect(jobs.map(({ seed, attempt }) => [seed, attempt])).toEqual([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ])
  const options = { key, adapter: 'sft', jobs, sampling, onEpisode() {} }
  await play(context(new AbortController().signal), options)
  calls = []
  expect(await play(context(new AbortController().signal), options)).toHaveLength(4)
  expect(calls).toEqual([])
})
