/** Stages whose episodes are all stored: nothing is played, and everything after that is done. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ENDINGS } from '../../../testing/endings.ts'
import type { AgentModel } from '../../agent/model.ts'
import type { PromptStyle } from '../../config/choices.ts'
import { type ConfigInput, configSchema } from '../../config/schema.ts'
import { adapterDigest } from '../../engine/adapter/identity.ts'
import type { Task } from '../../environment/tasks.ts'
import { writeFileAtomic } from '../../files/file.ts'
import { type Message, message } from '../../messages/message.ts'
import { isWarning } from '../../messages/warnings.ts'
import { preferenceText } from '../../preferences/dataset.ts'
import type { Episode, Outcome } from '../../store/episode.ts'
import { Store } from '../../store/store.ts'
import type { Resources } from '../resources.ts'
import { type RunnerOptions, runStages } from '../runner.ts'
import type { Stage } from '../stage.ts'
import { collect } from './collect.ts'
import { evaluate } from './evaluate.ts'
import { bestRound } from './validate.ts'

let folder: string
let store: Store
let run: RunnerOptions['run']
let said: string[]
let prompt: PromptStyle

const inFolder = (name: string) => join(folder, name)

function begin(more: ConfigInput): void {
  const config = configSchema.parse({
    ...more,
    paths: {
      preference_data: inFolder('preferences.jsonl'),
      sft_adapter_path: inFolder('sft'),
      dpo_adapter_path: inFolder('dpo'),
      reports: inFolder('reports'),
    },
    tasks: ['click-tab', 'enter-text'],
  })
  run = { id: store.runs.create('trial', 'pipeline', config), name: 'trial', config, collection: null }
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stages-'))
  store = new Store(inFolder('lab.sqlite'))
  said = []
  prompt = 'compact'
})
afterEach(() => store.close())

const resources = {
  model: async () =>
    ({
      prompt,
      promptName: prompt,
      engine: { description: message('verbatim', { text: 'no engine' }) },
      async checkAdapter(path: string, warn: (told: Message) => void) {
        if (path.endsWith('round-2/dpo_adapter')) warn(message('verbatim', { text: 'an odd adapter' }))
      },
    }) as unknown as AgentModel,
  environment() {
    throw new Error('nothing has to be played')
  },
  tasks: () => [],
  tasksNamed: (names: readonly string[]) => names.map((name) => ({ name, category: 'click' }) as Task),
  async close() {},
} satisfies Resources

function perform<Result>(stage: Stage<Result>, round: number): Promise<Result> {
  const signal = new AbortController().signal
  return runStages(
    { store, run, resources, signal, emit: (event) => event.event === 'message' && said.push(event.text) },
    (runner) => runner.perform(stage, round),
  )
}

function episode(task: string, seed: number, attempt: number, outcome: Outcome, action = 'click tab A 1'): Episode {
  const step = { page: 'p', prompt: `${task} ${seed}`, tokens: [1], logprob: -1, thought: 't' }
  return {
    task,
    seed,
    attempt,
    instruction: 'i',
    ...ENDINGS[outcome],
    duration: 1,
    steps: [{ ...step, completion: `Thought: t\nAction: ${action}`, action }],
  }
}

/** A folder that counts as an adapter, with its name in it. */
function adapter(path: string): void {
  writeFileAtomic(join(path, 'adapter_config.json'), path)
  writeFileAtomic(join(path, 'adapter_model.safetensors'), path)
}

test('collect stores the pairs of the episodes, and exports them to the file of the configuration', async () => {
  begin({ collect: { seeds_per_task: 2, attempts: 2, seed_start: 10 } })
  adapter(inFolder('sft'))
  const key = { run: run.id, stage: 'collect', round: 2, arm: '' }
  adapter(inFolder('dpo'))
  for (const task of run.config.tasks) {
    // The second round plays the next block of seeds.
    for (const seed of [12, 13]) {
      store.episodes.add(key, episode(task, seed, 0, 'success'))
      store.episodes.add(key, episode(task, seed, 1, seed === 12 ? 'failure' : 'success', 'click tab B 2'))
    }
  }
  const counts = await perform(collect, 2)
  expect(counts).toMatchObject({ episodes: 8, successes: 6, failures: 2, faults: 0, pairs: 2 })
  expect(store.pairs.of({ run: run.id, round: 2 })).toMatchObject([
    { task: 'click-tab', seed: 12, step: 0, chosenAttempt: 0, rejectedAttempt: 1 },
    { task: 'enter-text', seed: 12 },
  ])
  const exported = readFileSync(inFolder('preferences.jsonl'), 'utf8')
  expect(exported.trim().split('\n')).toHaveLength(2)
  expect(exported).toBe(preferenceText(store.pairs.kept({ run: run.id, round: 2 })))
})

test('a collection without a pair says why', async () => {
  begin({ collect: { seeds_per_task: 1, attempts: 1, seed_start: 10 } })
  adapter(inFolder('sft'))
  const key = { run: run.id, stage: 'collect', round: 1, arm: '' }
  for (const task of run.config.tasks) store.episodes.add(key, episode(task, 10, 0, 'failure'))
  await expect(perform(collect, 1)).rejects.toThrow(/no pair to learn from: none succeeded; train SFT longer/)
  expect(said.at(-1)).toMatch(
    /^A golden sample of click-tab would help most \(problems that were never solved: 1 of 1\)\. .* seed 10\.$/,
  )
})

test('an unsolved problem gets further attempts until one solves it; branches that fail become pairs', async () => {
  begin({
    collect: { seeds_per_task: 2, attempts: 2, seed_start: 10, more_attempts: 3, hard_negatives: true },
  })
  adapter(inFolder('sft'))
  const key = { run: run.id, stage: 'collect', round: 1, arm: '' }
  for (const task of run.config.tasks) {
    for (const attempt of [0, 1]) {
      store.episodes.add(key, episode(task, 10, attempt, 'success'))
      store.episodes.add(key, episode(task, 11, attempt, 'failure', 'click tab B 2'))
    }
    // The third attempt, which is the first further one, fails; the fourth succeeds, and so there is no fifth.
    store.episodes.add(key, episode(task, 11, 2, 'failure', 'click tab B 2'))
    store.episodes.add(key, episode(task, 11, 3, 'success'))
    const left = { ...key, arm: 'hard_negatives' }
    store.episodes.add(left, episode(task, 10, 5, 'failure', 'click tab C 3'))
    store.episodes.add(left, episode(task, 11, 5, 'success', 'click tab D 4'))
  }
  // Nothing is left to play: the test double's environment would throw.
  expect(await perform(collect, 1)).toMatchObject({ episodes: 12, successes: 6, pairs: 4, hard: 2 })
  expect(store.pairs.of({ run: run.id, round: 1 }).map(({ seed, rejectedAttempt }) => [seed, rejectedAttempt])).toEqual(
    [
      [11, 0],
      [11, 0],
      [10, 5],
      [10, 5],
    ],
  )
  expect(said).toContain(
    'Attempts that turned away from the path of a success: 4, of which 2 failed. Pairs with a hard negative: 2.',
  )
})

test('a later collection without a pair says why, and that the policy so far stays', async () => {
  begin({ collect: { seeds_per_task: 1, attempts: 1, seed_start: 10 } })
  adapter(inFolder('sft'))
  adapter(inFolder('dpo'))
  const key = { run: run.id, stage: 'collect', round: 2, arm: '' }
  for (const task of run.config.tasks) store.episodes.add(key, episode(task, 11, 0, 'success'))
  expect(await perform(collect, 2)).toMatchObject({ pairs: 0, successes: 2 })
  expect(said.at(-1)).toMatch(/none failed; .* the rounds end here, and the policy after round 1 stays\.$/)
  expect(existsSync(inFolder('preferences.jsonl'))).toBe(false)
})

/** The policy of a round, on twenty problems of the validation block. */
function validated(round: number, solved: number): void {
  for (let seed = 0; seed < 20; seed++) {
    const key = { run: run.id, stage: 'validate', round, arm: '' }
    store.episodes.add(key, episode('click-tab', seed, 0, seed < solved ? 'success' : 'failure'))
  }
}

test('of validated rounds, the latest that is not measurably worse than the best is kept', () => {
  begin({})
  for (const [round, solved] of [10, 16, 18, 16].entries()) validated(round, solved)
  const best = (first: number, last: number) => bestRound({ store, run: run.id }, first, last)
  expect([best(0, 1), best(0, 2), best(0, 3)]).toEqual([1, 2, 3])
  validated(4, 11)
  expect([best(0, 4), best(4, 4)]).toEqual([3, 4])
  // Rounds without validation: the latest.
  expect(best(7, 9)).toBe(9)
})

test('evaluate calls the kept round dpo, reports every arm, and exports that adapter', async () => {
  begin({ evaluation: { num_episodes_per_task: 2, seed_start: 50 }, flywheel: { rounds: 3 } })
  const reports = inFolder('reports/trial-1')
  adapter(join(reports, 'sft_adapter'))
  for (const [round, solved] of [10, 14, 18, 11].entries()) {
    const key = { run: run.id, stage: 'validate', round }
    store.stages.start(key)
    store.stages.end(key, 'done', { success: solved / 20, n: 20, best: Math.min(round, 2) })
    validated(round, solved)
    if (round > 0) adapter(join(reports, `round-${round}/dpo_adapter`))
  }
  for (const control of ['replay', 'success_sft']) adapter(join(reports, `round-1/${control}_adapter`))
  const dpoStage = { run: run.id, stage: 'dpo', round: 1 }
  store.stages.start(dpoStage)
  store.stages.end(dpoStage, 'done', {})
  for (const arm of ['sft', 'replay', 'success_sft', 'dpo_round_1', 'dpo_round_3', 'dpo']) {
    for (const task of run.config.tasks) {
      for (const seed of [50, 51]) {
        const solved = arm === 'dpo' || (arm !== 'sft' && seed === 50)
        store.episodes.add(
          { run: run.id, stage: 'evaluate', round: 3, arm },
          episode(task, seed, 0, solved ? 'success' : 'failure'),
        )
      }
    }
  }
  const { round, arms, adapters, facts } = await perform(evaluate, 3)
  expect(facts).toMatchObject({
    'adapter dpo': 'an odd adapter',
    processor: { id: 'factProcessor', values: { count: expect.any(Number) } },
    round: { id: 'factRounds', values: { round: 2, rounds: 3 } },
    versions: expect.stringMatching(/^DPO-Driver \d.*, Node \d/),
  })
  expect(round).toBe(2)
  expect(adapters.dpo).toBe(adapterDigest(join(reports, 'round-2/dpo_adapter')))
  expect(Object.keys(arms)).toEqual(['sft', 'replay', 'success_sft', 'dpo_round_1', 'dpo_round_3', 'dpo'])
  expect(arms).toMatchObject({ sft: { success: 0, n: 4 }, dpo: { success: 1, n: 4 }, replay: { success: 0.5 } })
  expect(readFileSync(inFolder('dpo/adapter_config.json'), 'utf8')).toBe(join(reports, 'round-2/dpo_adapter'))
  expect(JSON.parse(readFileSync(join(reports, 'summary.json'), 'utf8'))).toMatchObject({
    sft: { success: 0, n: 4 },
    dpo: { success: 1, n: 4 },
    successSft: { success: 0.5, n: 4 },
    mcnemar: { won: 4, lost: 0, p: 0.125 },
    wall: { 'validate 0': expect.any(Number), 'validate 1': expect.any(Number), 'validate 2': expect.any(Number) },
    dpoRound1: { success: 0.5, n: 4 },
  })
  for (const file of ['report.html', 'metrics.csv']) expect(existsSync(join(reports, file))).toBe(true)
  expect(said.join('\n')).toContain(join(reports, 'report.html'))
})

test('evaluate alone plays the adapters at the paths of the configuration, and only SFT where there is no other', async () => {
  begin({ evaluation: { num_episodes_per_task: 1, seed_start: 50 } })
  await expect(perform(evaluate, 1)).rejects.toThrow(/sft: there is no adapter here; run the stage sft first/)
  adapter(inFolder('sft/lesson'))
  await expect(perform(evaluate, 1)).rejects.toThrow(/there are adapters in sub-folders: .*sft\/lesson/)
  rmSync(inFolder('sft'), { recursive: true })
  adapter(inFolder('sft'))
  for (const task of run.config.tasks) {
    store.episodes.add({ run: run.id, stage: 'evaluate', round: 1, arm: 'sft' }, episode(task, 50, 0, 'success'))
  }
  expect(Object.keys((await perform(evaluate, 1)).arms)).toEqual(['sft'])
  expect(said.join('\n')).toContain('There is no DPO adapter yet, so the evaluation plays without DPO.')
  expect(isWarning({ id: 'withoutDpo' })).toBe(false)
})

test('the base model plays without training where auto finds that it can act, and where it is told to', async () => {
  begin({ evaluation: { num_episodes_per_task: 2, seed_start: 50 } })
  adapter(inFolder('sft'))
  const add = (arm: string, seed: number, action: string) => {
    for (const task of run.config.tasks) {
      const one = episode(task, seed, 0, action === '' ? 'failure' : 'success', action)
      store.episodes.add({ run: run.id, stage: 'evaluate', round: 1, arm }, one)
    }
  }
  const played = async () => Object.keys((await perform(evaluate, 1)).arms)
  for (const seed of [50, 51]) add('sft', seed, 'click tab A 1')
  expect(await played()).toEqual(['sft'])

  // Of an instruct model only the first problems are asked for, and these have no action.
  prompt = 'instruct'
  run = { ...run, id: store.runs.create('trial', 'evaluate', run.config) }
  for (const seed of [50, 51]) add('sft', seed, 'click tab A 1')
  add('base', 50, '')
  expect(await played()).toEqual(['sft'])
  expect(said.join('\n')).toContain('it wrote no possible action for the first problems of 2 tasks')

  run = { ...run, id: store.runs.create('trial', 'evaluate', run.config) }
  for (const arm of ['sft', 'base']) for (const seed of [50, 51]) add(arm, seed, 'click tab A 1')
  expect(await played()).toEqual(['base', 'sft'])

  prompt = 'compact'
  const config = { ...run.config, evaluation: { ...run.config.evaluation, base: true } }
  run = { ...run, config, id: store.runs.create('trial', 'evaluate', config) }
  for (const arm of ['sft', 'base']) for (const seed of [50, 51]) add(arm, seed, 'click tab A 1')
  expect(await played()).toEqual(['base', 'sft'])
})

test('DPO that was trained again is evaluated beside the earlier DPO and its SFT', async () => {
  begin({ evaluation: { num_episodes_per_task: 1, seed_start: 50, controls: false } })
  const before = inFolder('reports/trial-1')
  adapter(join(before, 'sft_adapter'))
  for (const round of [1, 2]) adapter(join(before, `round-${round}/dpo_adapter`))
  const collection = { run: run.id, round: 2 }
  run = { ...run, id: store.runs.create('trial', 'retrain', run.config, { collection }), collection }
  const after = inFolder('reports/trial-2/round-2/dpo_adapter')
  adapter(after)
  for (const arm of ['sft', 'dpo_before', 'dpo']) {
    for (const task of run.config.tasks) {
      const outcome = arm === 'dpo' ? 'success' : 'failure'
      store.episodes.add({ run: run.id, stage: 'evaluate', round: 2, arm }, episode(task, 50, 0, outcome))
    }
  }
  const { arms, adapters } = await perform(evaluate, 2)
  expect(Object.keys(arms)).toEqual(['sft', 'dpo_before', 'dpo'])
  expect(adapters).toEqual({
    sft: adapterDigest(join(before, 'sft_adapter')),
    dpo_before: adapterDigest(join(before, 'round-2/dpo_adapter')),
    dpo: adapterDigest(after),
  })
  expect(readFileSync(inFolder('dpo/adapter_config.json'), 'utf8')).toBe(after)
})

test('an adapter that was trained elsewhere is evaluated beside SFT, the controls and the DPO of this lab', async () => {
  begin({ evaluation: { num_episodes_per_task: 1, seed_start: 50 } })
  const before = inFolder('reports/trial-1')
  for (const name of ['sft_adapter', 'round-1/replay_adapter', 'round-1/dpo_adapter']) adapter(join(before, name))
  const collection = { run: run.id, round: 1 }
  run = { ...run, id: store.runs.create('trial', 'import', run.config, { collection }), collection }
  const key = { run: run.id, stage: 'dpo', round: 1 }
  store.stages.start(key)
  const elsewhere = '2 steps with TRL 1.16.0'
  store.stages.end(key, 'done', { pairs: 2, reference: 'sft', arms: ['dpo'], elsewhere })
  adapter(inFolder('reports/trial-2/round-1/dpo_adapter'))
  const names = ['sft', 'replay', 'dpo_before', 'dpo']
  for (const arm of names) {
    for (const task of run.config.tasks) {
      store.episodes.add({ run: run.id, stage: 'evaluate', round: 1, arm }, episode(task, 50, 0, 'success'))
    }
  }
  const { arms, facts } = await perform(evaluate, 1)
  expect(Object.keys(arms)).toEqual(names)
  expect(facts).toMatchObject({ 'DPO trained elsewhere': elsewhere })
})
