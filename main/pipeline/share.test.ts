import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ENDINGS } from '../../testing/endings.ts'
import { sampleEpisode } from '../../testing/samples.ts'
import { type Config, type ConfigInput, configSchema } from '../config/schema.ts'
import { ADAPTER_FILES } from '../engine/adapter/adapter.ts'
import { writeFileAtomic } from '../files/file.ts'
import { type Message, message } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import { Store } from '../store/store.ts'
import { runArtifacts } from './artifacts.ts'
import { shareKeys, sharesOf, takeShares } from './share.ts'

let folder: string
let store: Store
let study: number
let said: Message[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'share-'))
  store = new Store(join(folder, 'lab.sqlite'))
  study = store.studies.create('trial', {})
  said = []
})
afterEach(() => store.close())

const configured = (more: ConfigInput = {}): Config =>
  configSchema.parse({ ...more, paths: { reports: join(folder, 'reports') } })

/** A run that is a member of the study. */
function member(config: Config): number {
  store.studies.addMembers(study, [{ variant: 'v', seed: config.project.seed, config }])
  const run = store.runs.create('trial', 'pipeline', config)
  store.studies.setRun({ study, member: store.studies.members(study).length }, run)
  return run
}

const adapterOf = (run: number, arm: string, round: number) =>
  runArtifacts(configured(), { id: run, name: 'trial' }).adapter(arm, round)

/** A finished run: two problems were tried twice and evaluated once. */
function finished(config: Config): number {
  const run = member(config)
  const done = (stage: string, round: number, result: unknown = {}) => {
    store.stages.start({ run, stage, round })
    store.stages.addSeconds({ run, stage, round }, 30)
    store.stages.end({ run, stage, round }, 'done', result)
  }
  store.golden.set(run, '[]')
  done('golden', 0)
  done('sft', 0, { steps: 7 })
  store.metrics.add({ run, stage: 'sft', round: 0, arm: 'sft' }, 1, { loss: 2 })
  for (const seed of [1, 2]) {
    const key = { run, stage: 'collect', round: 1, arm: '' }
    store.episodes.add(key, sampleEpisode('click-tab', seed, 0))
    const [step] = sampleEpisode('click-tab', seed).steps
    const completion = 'Thought: no\nAction: click no button 2'
    const wrong = { ...step!, completion, action: 'click no button 2', logprob: -0.5 }
    store.episodes.add(key, { ...sampleEpisode('click-tab', seed, 1), ...ENDINGS.failure, steps: [wrong] })
  }
  done('collect', 1)
  done('dpo', 1)
  for (const arm of ['sft', 'replay', 'nll_chosen', 'dpo']) {
    for (const file of ADAPTER_FILES) writeFileAtomic(join(adapterOf(run, arm, arm === 'sft' ? 0 : 1), file), arm)
    store.episodes.add({ run, stage: 'evaluate', round: 1, arm }, sampleEpisode('click-tab', 9))
  }
  done('evaluate', 1)
  store.runs.setStatus(run, 'done')
  return run
}

const take = (run: number) => takeShares(store, store.runs.get(run), (id, ...given) => said.push(message(id, ...given)))
const episodes = (run: number, stage: string, arm: string) =>
  store.episodes.of({ run, stage, round: 1, arm }).map(({ id: _, ...episode }) => episode)

test('another beta takes all but DPO, as if it had made it before a stop', async () => {
  const first = finished(configured())
  const run = member(configured({ training: { dpo: { beta: 0.5, loss_type: 'ipo' } } }))
  await take(run)
  expect(said.map(english)).toEqual([`Taken from run ${first} of the same study: SFT, the collection, the controls.`])
  expect(store.golden.of(run)).toBe('[]')
  expect(store.stages.of(run)).toMatchObject([{ stage: 'sft', status: 'done', seconds: 0, result: { steps: 7 } }])
  expect(store.metrics.of(run)).toMatchObject([{ run, stage: 'sft', name: 'loss', value: 2 }])
  expect(episodes(run, 'collect', '')).toEqual(episodes(first, 'collect', ''))
  expect(episodes(run, 'collect', '')).toHaveLength(4)
  // Both problems gave a pair. The stage finds that its training has begun with them.
  expect(store.pairs.trainingSet({ run, round: 1 })).toHaveLength(2)
  for (const [arm, round] of [
    ['sft', 0],
    ['replay', 1],
    ['nll_chosen', 1],
  ] as const) {
    expect(existsSync(join(adapterOf(run, arm, round), 'adapter_config.json'))).toBe(true)
    expect(episodes(run, 'evaluate', arm)).toHaveLength(1)
  }
  expect(existsSync(adapterOf(run, 'dpo', 1))).toBe(false)
  expect(episodes(run, 'evaluate', 'dpo')).toEqual([])
})

test('what it takes again after a kill changes nothing', async () => {
  finished(configured())
  const run = member(configured({ training: { dpo: { beta: 0.5 } } }))
  await take(run)
  const before = [store.stages.of(run).length, store.metrics.of(run).length, episodes(run, 'collect', '').length]
  said = []
  await take(run)
  expect(said).toEqual([])
  expect([store.stages.of(run).length, store.metrics.of(run).length, episodes(run, 'collect', '').length]).toEqual(
    before,
  )
})

test('another training seed takes the golden samples alone', async () => {
  finished(configured())
  const run = member(configured({ project: { seed: 7 } }))
  await take(run)
  expect(said).toEqual([])
  expect(store.golden.of(run)).toBe('[]')
  expect(store.stages.of(run)).toEqual([])
  expect(episodes(run, 'collect', '')).toEqual([])
})

test('pairs that people corrected, and a run outside of studies, share nothing of it', async () => {
  const first = finished(configured())
  store.pairs.replace({ run: first, round: 1 }, [])
  store.pairs.correct({ run: first, round: 1 }, { kind: 'edit', reverts: null, changes: [] })
  const run = member(configured({ training: { dpo: { beta: 0.5 } } }))
  await take(run)
  expect(said.map(english)).toEqual([`Taken from run ${first} of the same study: SFT, the collection.`])
  const alone = store.runs.create('trial', 'pipeline', configured())
  await take(alone)
  expect(store.stages.of(alone)).toEqual([])
})

test.each([
  [
    { training: { dpo: { beta: 0.5, loss_type: 'ipo', imitation: 0 } } },
    ['golden', 'sft', 'collection', 'controls', 'base'],
  ],
  [{ training: { dpo: { learning_rate: 1e-5 } } }, ['golden', 'sft', 'collection', 'base']],
  [{ collect: { temperature: 1 } }, ['golden', 'sft', 'base']],
  [{ training: { sft: { max_steps: 3 } } }, ['golden', 'base']],
  [{ project: { seed: 8 } }, ['golden', 'base']],
  [{ model: { base_model_name: 'other' } }, ['golden']],
  [{ golden: { samples_per_task: 2 } }, ['base']],
  [{ evaluation: { controls: false } }, ['golden', 'sft', 'collection']],
] satisfies [ConfigInput, string[]][])('with %j a member shares %j', (more, shares) => {
  expect([...sharesOf(configured(), configured(more))]).toEqual(shares)
})

test('the texts of shares are equal exactly where members share', () => {
  const [one, other] = [configured(), configured({ training: { dpo: { beta: 0.7 } } })]
  expect(shareKeys(one)).toEqual(shareKeys(other))
  expect(shareKeys(configured({ project: { seed: 99 } })).get('sft')).not.toBe(shareKeys(one).get('sft'))
})
