import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createBigramEngine } from '../../../testing/bigram-engine.ts'
import { configSchema } from '../../config/schema.ts'
import { readSafetensors } from '../../engine/checkpoint/safetensors.ts'
import { english } from '../../messages/say.ts'
import { Store } from '../../store/store.ts'
import { trainSft } from '../../training/sft.ts'
import { runArtifacts } from '../artifacts.ts'
import type { Resources } from '../resources.ts'
import type { StageContext } from '../stage.ts'
import { isTrained, type KeptTraining, trainAdapter } from './training.ts'

let folder: string
let store: Store

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'training-'))
  store = new Store(join(folder, 'lab.sqlite'))
})
afterEach(() => store.close())

/** A stage of a fresh run. */
function stage(): { context: StageContext; abort: AbortController } {
  const config = configSchema.parse({ paths: { reports: folder } })
  const run = store.runs.create('trial', 'sft', config)
  const abort = new AbortController()
  const arm = (name: string) => ({ run, stage: 'sft', round: 0, arm: name })
  const context: StageContext = {
    config,
    store,
    run,
    round: 0,
    collection: null,
    artifacts: runArtifacts(config, { id: run, name: 'trial' }),
    resources: {} as Resources,
    signal: abort.signal,
    arm,
    progress() {},
    metrics: (name, step, metrics) => store.metrics.add(arm(name), step, metrics),
    say() {},
    tell() {},
  }
  return { context, abort }
}

/** Trains a table on a few sequences. `onStep` may interfere. */
async function train(
  context: StageContext,
  onStep: (step: number) => void = () => {},
  others?: KeptTraining['others'],
) {
  const engine = createBigramEngine()
  const example = (last: number, next: number) => ({ prompt: Int32Array.of(last), completion: Int32Array.of(next, 1) })
  const { sft: options } = context.config.training
  const target = context.artifacts.adapter('sft', 0)
  const result = await trainAdapter(context, {
    engine,
    arm: 'sft',
    lora: context.config.lora,
    weights: () => new Map([['table', { shape: [16, 16], data: new Float32Array(256) }]]),
    maxSteps: 37,
    ...(others && { others }),
    folder: target,
    baseModelName: 'models/none',
    base: null,
    promptName: 'compact',
    train: (adapter, hooks) =>
      trainSft({
        engine,
        adapter,
        examples: [example(2, 3), example(4, 5), example(6, 7)],
        evalExamples: [example(2, 3), example(4, 6)],
        options: { ...options, max_steps: 37, batch_size: 2, patience: 10, seed: 3 },
        hooks: {
          ...hooks,
          onStep(step, metrics) {
            hooks.onStep?.(step, metrics)
            onStep(step)
          },
        },
      }),
  })
  const tensors = await readSafetensors(join(target, 'adapter_model.safetensors'))
  return { result, weights: [...(tensors.get('table')?.data ?? [])] }
}

const figures = (run: number) =>
  store.metrics.of(run).flatMap(({ name, step, value }) => (name === 'tokens_per_second' ? [] : [[name, step, value]]))

test.each([
  ['stopped', 25],
  ['killed', 25],
  ['killed before its first checkpoint', 4],
])('a training that is %s ends with the same weights and metrics once it is resumed', async (how, when) => {
  const whole = stage()
  const expected = await train(whole.context)

  const { context, abort } = stage()
  const interfere = (step: number) => {
    if (step !== when) return
    if (how !== 'stopped') throw new Error('killed')
    abort.abort()
  }
  await expect(train(context, interfere)).rejects.toThrow()
  expect(store.checkpoints.get(context.arm('sft'))?.step).toBe(how === 'stopped' ? 25 : when > 10 ? 20 : undefined)

  const again = await train({ ...context, signal: new AbortController().signal })
  expect(again.weights).toEqual(expected.weights)
  expect(again.result.step).toBe(expected.result.step)
  expect(figures(context.run)).toEqual(figures(whole.context.run))
  expect(store.checkpoints.get(context.arm('sft'))).toBeUndefined()
})

test('one of several trainings reports the progress of all', async () => {
  const { context } = stage()
  const told: string[] = []
  const progress: StageContext['progress'] = (done, total, unit) => told.push(`${done}/${total} ${english(unit)}`)
  await train({ ...context, progress }, undefined, { before: 100, after: 50 })
  expect([told[0], told.at(-1)]).toEqual(['100/187 steps, now SFT', '137/187 steps, now SFT'])
})

test('a kill between the saved adapter and the end of its checkpoint leaves no checkpoint', async () => {
  const { context } = stage()
  const folder = context.artifacts.adapter('sft', 0)
  expect(isTrained(context, 'sft', folder)).toBe(false)
  await train(context)
  store.checkpoints.save(context.arm('sft'), 30, {}, (file) => {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, '')
  })
  expect(isTrained(context, 'sft', folder)).toBe(true)
  expect(store.checkpoints.get(context.arm('sft'))).toBeUndefined()
  expect(readdirSync(dirname(store.path))).not.toContain('lab.sqlite-checkpoints')
})

test('a checkpoint with a negative count is told as damage', async () => {
  const { context, abort } = stage()
  await expect(train(context, (step) => step === 12 && abort.abort())).rejects.toThrow()
  const next = { ...context, signal: new AbortController().signal }
  const { step = 0, file = '', state } = store.checkpoints.get(context.arm('sft')) ?? {}
  const tensors = readFileSync(file)
  const save = (at: number, counts: object) =>
    store.checkpoints.save(context.arm('sft'), at, { ...(state as object), ...counts }, (name) =>
      writeFileSync(name, tensors),
    )
  save(-step, {})
  await expect(train(next)).rejects.toThrow(/The store is damaged, .*checkpoints\.step holds "-12"/)
  for (const counts of [{ optimizer_step: -1 }, { num_tokens: -1 }]) {
    save(step, counts)
    await expect(train(next)).rejects.toThrow(/The store is damaged, .*checkpoints\.state holds/)
  }
  save(step, {})
  await expect(train(next)).resolves.toBeDefined()
})

test('a checkpoint without some of its tensors, or cut off, is told with the way out', async () => {
  const { context, abort } = stage()
  await expect(train(context, (step) => step === 12 && abort.abort())).rejects.toThrow()
  const next = { ...context, signal: new AbortController().signal }
  const { file = '' } = store.checkpoints.get(context.arm('sft')) ?? {}
  const whole = readFileSync(file)
  const wrong = [
    whole.subarray(0, whole.length - 9),
    Buffer.from(whole.toString('latin1').replace('weights/table', 'weights/tablX'), 'latin1'),
  ]
  for (const bytes of wrong) {
    writeFileSync(file, bytes)
    await expect(train(next)).rejects.toThrow(
      /checkpoint of this training is damaged \(.*\)\. Delete .*checkpoint, and/,
    )
  }
  rmSync(file)
  await expect(train(next)).resolves.toBeDefined()
})
